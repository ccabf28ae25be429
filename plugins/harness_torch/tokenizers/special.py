"""The special tokens of a tokenizer, as its folder's files declare them.

They stand in tokenizer_config.json, special_tokens_map.json and added_tokens.json, as
strings or as objects; what none of them says follows from the family's convention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer

from harness import CheckpointError
from harness_torch.source import read_json
from harness_torch.tokenizers.protocol import SpecialIds

ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")

_BERT = {"unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]"}
_ROBERTA = {"bos": "<s>", "eos": "</s>", "unk": "<unk>", "sep": "</s>", "pad": "<pad>"}
_END_OF_TEXT = "<|endoftext|>"

USUAL: Mapping[str, Mapping[str, str]] = {
    "bert": {**_BERT, "mask": "[MASK]"},
    "roberta": {**_ROBERTA, "cls": "<s>", "mask": "<mask>"},
    "xlm-roberta": {**_ROBERTA, "cls": "<s>", "mask": "<mask>"},
    "gpt2": {"bos": _END_OF_TEXT, "eos": _END_OF_TEXT, "unk": _END_OF_TEXT},
    "t5": {"eos": "</s>", "unk": "<unk>", "pad": "<pad>"},
    "albert": {
        **{"bos": "[CLS]", "eos": "[SEP]", "unk": "<unk>", "sep": "[SEP]"},
        **{"pad": "<pad>", "cls": "[CLS]", "mask": "[MASK]"},
    },
    "llama": {"bos": "<s>", "eos": "</s>", "unk": "<unk>"},
}
"""By convention, the token of each role where a folder's files name none."""

_MASK_TAKES_SPACE = ("roberta", "xlm-roberta", "albert")
_EXTRA = ("additional_special_tokens", "extra_special_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialTokens:
    """Tokens that a tokenizer reads whole.

    Attributes:
        named: by role, one of `ROLES`.
        assumed: the roles whose token follows from convention alone; a vocabulary
            that lacks it has none.
        extra: further special tokens.
        placed: added tokens whose ids the files give, by id.
        origin: the folder, for messages.
    """

    named: Mapping[str, AddedToken]
    assumed: frozenset[str]
    extra: tuple[AddedToken, ...]
    placed: Mapping[int, AddedToken]
    origin: Path

    def text(self, role: str) -> str:
        """Return the token of a role.

        Raises:
            CheckpointError: there is none.
        """
        if role not in self.named:
            raise CheckpointError(
                f"the tokenizer of {self.origin} has no {role}_token: name it in "
                "tokenizer_config.json"
            )
        return str(self.named[role].content)

    def add_to(self, tokenizer: Tokenizer) -> None:
        """Make a tokenizer read these tokens whole.

        Raises:
            CheckpointError: a token gets another id than the files say.
        """
        named = [
            token
            for role, token in self.named.items()
            if role not in self.assumed
            or tokenizer.token_to_id(token.content) is not None
        ]
        placed = [token for _, token in sorted(self.placed.items())]
        held = {t.content for t in tokenizer.get_added_tokens_decoder().values()}
        wanted: dict[str, AddedToken] = {}
        for token in [*placed, *named, *self.extra]:
            if token.content not in held:
                wanted.setdefault(token.content, token)
        tokenizer.add_tokens([*wanted.values()])
        for place, token in self.placed.items():
            found = tokenizer.token_to_id(token.content)
            if found != place:
                raise CheckpointError(
                    f"the tokenizer of {self.origin} gives {token.content!r} the id "
                    f"{found}, its added tokens say {place}: use files of one tokenizer"
                )

    def ids(self, tokenizer: Tokenizer) -> SpecialIds:
        """Return the ids that a tokenizer gives the tokens."""
        ids = {
            role: tokenizer.token_to_id(token.content)
            for role, token in self.named.items()
        }
        return SpecialIds(
            bos=ids.get("bos"),
            eos=ids.get("eos"),
            pad=ids.get("pad"),
            mask=ids.get("mask"),
            unknown=ids.get("unk"),
        )


def read_special_tokens(
    folder: Path, settings: Mapping[str, Any], *, convention: str | None
) -> SpecialTokens:
    """Read what a folder's files say of special tokens.

    Args:
        folder: holds the files.
        settings: its tokenizer_config.json.
        convention: a key of `USUAL`, or None where nothing is usual.

    Raises:
        CheckpointError: a token is neither a string nor an object with a content.
    """
    said = dict(settings)
    if not settings.get("added_tokens_decoder"):
        said |= _read(folder / "special_tokens_map.json")
    placed = dict(_placed(folder, said))
    declared = {token.content: token for token in placed.values()}
    usual = USUAL.get(convention or "", {})
    named: dict[str, AddedToken] = {}
    assumed = frozenset(role for role in usual if f"{role}_token" not in said)
    for role in ROLES:
        value = usual[role] if role in assumed else said.get(f"{role}_token")
        if value is not None:
            takes_space = role == "mask" and convention in _MASK_TAKES_SPACE
            token = _token(value, folder, lstrip=takes_space)
            named[role] = declared.get(token.content, token)
    extra = tuple(_token(value, folder) for value in _listed(said, folder))
    return SpecialTokens(
        named=named, assumed=assumed, extra=extra, placed=placed, origin=folder
    )


def _placed(folder: Path, said: Mapping[str, Any]) -> Iterator[tuple[int, AddedToken]]:
    decoder = said.get("added_tokens_decoder")
    if isinstance(decoder, dict) and decoder:
        for place, value in decoder.items():
            yield _place(place, folder), _token(value, folder)
        return
    values = [*(said.get(f"{role}_token") for role in ROLES), *_listed(said, folder)]
    special = {_token(value, folder).content for value in values if value is not None}
    for content, place in _read(folder / "added_tokens.json").items():
        is_special = content in special
        token = AddedToken(content, special=is_special, normalized=not is_special)
        yield _place(place, folder), token


def _listed(said: Mapping[str, Any], folder: Path) -> list[Any]:
    for key in _EXTRA:
        value = said.get(key)
        if value and isinstance(value, list | dict):
            return list(value.values() if isinstance(value, dict) else value)
        if value:
            raise CheckpointError(
                f"the tokenizer of {folder} has {key} {value!r}: expected a list of "
                "tokens"
            )
    return []


def _token(value: object, folder: Path, *, lstrip: bool = False) -> AddedToken:
    if _is_text(value):
        return AddedToken(str(value), special=True, normalized=False, lstrip=lstrip)
    if isinstance(value, dict) and _is_text(value.get("content")):
        return AddedToken(
            value["content"],
            single_word=bool(value.get("single_word", False)),
            lstrip=bool(value.get("lstrip", False)),
            rstrip=bool(value.get("rstrip", False)),
            normalized=bool(value.get("normalized", False)),
            special=bool(value.get("special", True)),
        )
    raise CheckpointError(
        f"the tokenizer of {folder} has the special token {value!r}: expected a string, "
        "or an object with a content"
    )


def _is_text(value: object) -> bool:
    """Tell whether a value is a string, and no half of a character is in it."""
    return isinstance(value, str) and not any(
        "\ud800" <= letter <= "\udfff" for letter in value
    )


def _place(value: object, folder: Path) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise CheckpointError(
            f"the tokenizer of {folder} has an added token with the id {value!r}: "
            "expected a whole number"
        ) from error


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}
