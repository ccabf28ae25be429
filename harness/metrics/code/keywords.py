"""The keywords of seven programming languages, which CodeBLEU weighs five times.

Java, C# (contextual keywords too) and Python are the words that CodeXGLUE's CodeBLEU
weighs, which are the reserved words of the language references; for the others, which
its folder has no list for, they are the reserved words of ECMAScript, the PHP manual,
the Ruby and the Go references.
"""

from __future__ import annotations

_TEXTS = {
    "c_sharp": """
        abstract as base bool break byte case catch char checked class const continue
        decimal default delegate do double else enum event explicit extern false
        finally fixed float for foreach goto if implicit in int interface internal is
        lock long namespace new null object operator out override params private
        protected public readonly ref return sbyte sealed short sizeof stackalloc
        static string struct switch this throw true try typeof uint ulong unchecked
        unsafe ushort using virtual void volatile while
        add alias ascending async await by descending dynamic equals from get global
        group into join let nameof notnull on orderby partial remove select set
        unmanaged value var when where yield""",
    "go": """
        break case chan const continue default defer else fallthrough for func go goto
        if import interface map package range return select struct switch type var""",
    "java": """
        abstract assert boolean break byte case catch char class const continue default
        do double else enum extends final finally float for goto if implements import
        instanceof int interface long native new package private protected public
        return short static strictfp super switch synchronized this throw throws
        transient try void volatile while""",
    "javascript": """
        await break case catch class const continue debugger default delete do else
        enum export extends false finally for function if implements import in
        instanceof interface let new null package private protected public return
        static super switch this throw true try typeof var void while with yield""",
    "php": """
        abstract and array as break callable case catch class clone const continue
        declare default die do echo else elseif empty enddeclare endfor endforeach
        endif endswitch endwhile eval exit extends final finally fn for foreach
        function global goto if implements include include_once instanceof insteadof
        interface isset list match namespace new or print private protected public
        readonly require require_once return static switch throw trait try unset use
        var while xor yield""",
    "python": """
        False None True and as assert async await break class continue def del elif
        else except finally for from global if import in is lambda nonlocal not or pass
        raise return try while with yield""",
    "ruby": """
        BEGIN END __ENCODING__ __FILE__ __LINE__ alias and begin break case class def
        defined? do else elsif end ensure false for if in module next nil not or redo
        rescue retry return self super then true undef unless until when while yield""",
}
KEYWORDS = {language: frozenset(text.split()) for language, text in _TEXTS.items()}
"""Keywords by language, as CodeXGLUE names the languages."""
