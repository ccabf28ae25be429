"""CodeXGLUE's CodeBLEU: the four parts and their sum, at two sets of shares."""

from __future__ import annotations

from harness.official import Inputs, Outputs
from harness_codexglue.official_measure import measure

CODE_FIRST = (0.1, 0.1, 0.4, 0.4)
"""The other set of shares that the paper reports."""
KNOWN_DIFFERENCES = {
    "syntax_match": 0.02,
    "dataflow_match": 0.02,
    "codebleu": 0.01,
    "codebleu_params_0.1_0.1_0.4_0.4": 0.016,
}
"""What the grammar decides: the script brings builds of 2020, ours are today's.

Well-formed code gives the same numbers; the difference is broken code. On outputs of
models it is below 0.01.
"""
KNOWN_CASES = {"python-real-method-generation": {"dataflow_match": 0.03}}
"""Python methods on one line, most of which no grammar can parse: 0.119 for the
script's 0.093.

The grammar of 2020 lets any expression stand left of ``=`` and of ``:``, so that its
parser finds assignments in broken lines where later ones find errors. Statements that
it chains are chained here too; a condition or a keyword that it reads as a typed name
(``f(x) if c: y = z``) is not, for that takes its tables: with its rule for assignments
put into the tables of tree-sitter-python 0.19 the set gives 0.106.
"""


def codebleu(inputs: Inputs) -> Outputs:
    """Score by CodeBLEU: `calc_code_bleu.py`, whose lines are always stripped."""
    from harness.metrics.code.details import codebleu_parts

    shares = ":".join(str(share) for share in inputs["params"])
    values = list(inputs["predictions"]), list(inputs["references"])
    whole = measure("codebleu", *values, lang=str(inputs["lang"]), params=shares)
    parts = codebleu_parts(whole.statistics)
    pairs = zip(CODE_FIRST, parts.values(), strict=True)
    return {
        **parts,
        "codebleu": whole.score,
        "codebleu_params_0.1_0.1_0.4_0.4": sum(share * part for share, part in pairs),
        "warned": bool(whole.statistics[:, -1].sum() == 0),
    }
