"""Chat templates: a user's message as a chat model was trained to read it.

A template goes around messages alone, unless the model's name asks for it around every
prompt: inside one, a text to go on with is taken for a message and answered, not gone
on with. lm-evaluation-harness applies none by default, and all or nothing.

Light until a message is rendered: whether a folder has a template is known without
jinja2. Templates are data from strangers, so they run in `harness_torch.chat_sandbox`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import CheckpointError, ModelName, UsageError
from harness.requests import Generate
from harness_torch.opening import read_choice
from harness_torch.source import read_json

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.nodes import Node
    from jinja2.parser import Parser

    from harness_torch.chat_sandbox import BoundedSandbox

Render = Callable[[Generate], str | None]
"""Returns a prompt within the chat template, None where it is read as it is."""
Ids = Callable[[Sequence[str]], list[list[int]]]
"""Returns the token ids of texts."""

TEMPLATE_FILE = "chat_template.jinja"
_SETTINGS = "tokenizer_config.json"

TODAY = date(2024, 7, 26)
"""What templates that ask for the date are told: a score must not change overnight.

The day is the one that Llama 3's own template falls back on.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """A template as a folder has it; `file` is where it stands."""

    text: str
    file: Path

    @property
    def fact(self) -> str:
        """What a model card says of it: the file and the start of its SHA-256."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return f"{self.file.name}, sha256 {digest[:12]}"


def find_chat_template(folder: Path) -> TemplateSource | None:
    """Find a folder's chat template, None where there is none.

    chat_template.jinja goes before tokenizer_config.json; of several named ones the one
    named ``default`` counts.

    Raises:
        CheckpointError: what is there is no template, or none of several is the default.
    """
    file = folder / TEMPLATE_FILE
    if file.is_file():
        return TemplateSource(text=_text(file), file=file)
    settings = folder / _SETTINGS
    said = read_json(settings).get("chat_template") if settings.is_file() else None
    if said is None:
        return None
    return TemplateSource(text=_default(said, settings), file=settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A model's template, and whether it goes around every prompt or messages alone."""

    template: TemplateSource
    takes_all: bool

    @property
    def fact(self) -> str:
        """What a model card says of it; a part of the model's fingerprint."""
        around = "every prompt" if self.takes_all else "messages"
        return f"{self.template.fact}, around {around}"


def read_chat(name: ModelName, folder: Path | None) -> Chat | None:
    """Return what Generate prompts are put into, by the option ``chat``; None for none.

    Args:
        name: the model's name.
        folder: the checkpoint's; None where no template can be.

    Raises:
        UsageError: a template is wanted around all, and there is none.
        CheckpointError: its file can't be used.
    """
    wanted = read_choice(name, "chat", "auto", "all", "off")
    if wanted == "off":
        return None
    source = None if folder is None else find_chat_template(folder)
    if source is None and wanted == "all":
        raise UsageError(
            f"model {str(name)!r} has chat 'all' and no chat template: leave the option "
            "out, or put a chat_template.jinja into the folder of a decoder"
        )
    if source is None:
        return None
    return Chat(template=source, takes_all=wanted == "all")


def chat_fact(chat: Chat | None) -> str:
    """Return what a model card says of a template that may not be there."""
    return "none" if chat is None else chat.fact


def chat_prompts(chat: Chat | None) -> tuple[str, ...]:
    """Return the prompts that a model with a template does better by than by others."""
    return () if chat is None else ("chat",)


class ChatTemplate:
    """Renders one user's message, up to where the model's answer begins.

    Args:
        source: the template.
        tokens: special tokens by the names that templates use, such as ``bos_token``.
    """

    def __init__(self, source: TemplateSource, tokens: Mapping[str, str]) -> None:
        self._source = source
        self._tokens = dict(tokens)

    def render(self, message: str) -> str:
        """Return the prompt of a conversation with this one message of the user.

        Special tokens stand in it as text, BOS too where the template writes one.

        Raises:
            CheckpointError: the template is broken, or refuses the message.
        """
        from jinja2 import TemplateError

        failures = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError)
        try:
            return self._sandbox.write(
                self._template,
                messages=[{"role": "user", "content": message}],
                tools=None,
                documents=None,
                add_generation_prompt=True,
                **self._tokens,
            )
        except (*failures, AttributeError, RecursionError, MemoryError) as error:
            raise CheckpointError(
                f"the chat template in {self._source.file} fails on a user's message "
                f"({_cause(error)}): mend it, or ask the model without its template"
            ) from error

    @cached_property
    def _template(self) -> Template:
        return self._sandbox.from_string(self._source.text)

    @cached_property
    def _sandbox(self) -> BoundedSandbox:
        from jinja2.ext import Extension, loopcontrols

        from harness_torch.chat_sandbox import BoundedSandbox

        class Generation(Extension):
            """Reads ``{% generation %}``, which marks what the model says."""

            tags = {"generation"}  # noqa: RUF012  jinja2's own declaration

            def parse(self, parser: Parser) -> list[Node]:
                next(parser.stream)
                return parser.parse_statements(("name:endgeneration",), True)

        environment = BoundedSandbox(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[loopcontrols, Generation],
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refusal()
        environment.globals["strftime_now"] = TODAY.strftime
        return environment


def load_chat_template(folder: Path) -> ChatTemplate | None:
    """Load a folder's chat template with its tokenizer's special tokens.

    Raises:
        CheckpointError: its files can't be used.
    """
    from harness_torch.tokenizers.loading import special_tokens_of

    source = find_chat_template(folder)
    if source is None:
        return None
    named = special_tokens_of(folder).named
    tokens = {f"{role}_token": token.content for role, token in named.items()}
    return ChatTemplate(source, tokens)


def load_render(chat: Chat | None) -> Render:
    """Return what puts prompts into a model's template, as far as it goes around them.

    Raises:
        CheckpointError: the files beside the template can't be used.
    """
    template = None if chat is None else load_chat_template(chat.template.file.parent)

    def render(request: Generate) -> str | None:
        if chat is None or template is None:
            return None
        is_within = chat.takes_all or request.is_message
        return template.render(request.prompt) if is_within else None

    return render


def prompt_ids(
    requests: Sequence[Generate], render: Render, *, opened: Ids, plain: Ids
) -> list[list[int]]:
    """Return the token ids of prompts, in order.

    Args:
        requests: what the prompts are of.
        render: puts those into a template that go into one.
        opened: tokenises texts that are read as they are, with BOS where there is one.
        plain: tokenises without: a template writes its own beginning.
    """
    within = [render(request) for request in requests]
    texts = [
        r.prompt if w is None else w for r, w in zip(requests, within, strict=True)
    ]
    return ids_within(
        texts, [w is not None for w in within], opened=opened, plain=plain
    )


def ids_within(
    texts: Sequence[str], is_within: Sequence[bool], *, opened: Ids, plain: Ids
) -> list[list[int]]:
    """Return the token ids of texts, of which some begin as a template does, in order.

    Args:
        texts: what to tokenise.
        is_within: for each, whether a template wrote its beginning.
        opened: tokenises texts that are read as they are, with BOS where there is one.
        plain: tokenises without.
    """
    pairs = list(zip(texts, is_within, strict=True))
    bare = iter(opened([text for text, within in pairs if not within]))
    written = iter(plain([text for text, within in pairs if within]))
    return [next(written if within else bare) for within in is_within]


def _default(said: object, file: Path) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, list) and all(_is_named(one) for one in said):
        named = {one["name"]: one["template"] for one in said}
        if "default" in named:
            return str(named["default"])
        raise CheckpointError(
            f"{file} has the chat templates {', '.join(sorted(named))}, and none is the "
            f"default: name one default, or save it as {TEMPLATE_FILE}"
        )
    raise CheckpointError(
        f"{file} has a chat_template that is a {type(said).__name__}: expected a string, "
        "or a list of templates with names"
    )


def _is_named(one: object) -> bool:
    return isinstance(one, dict) and all(
        isinstance(one.get(key), str) for key in ("name", "template")
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{file} can't be read ({error}): fetch the checkpoint again"
        ) from error


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON without escaping what HTML would need, as templates expect."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _refusal() -> Callable[[str], Any]:
    from jinja2 import TemplateError

    def raise_exception(message: str) -> Any:  # noqa: ANN401  it never returns
        raise TemplateError(message)

    return raise_exception


def _cause(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
