"""Reading a SentencePiece model file, with no library.

The file is a protocol buffer, ``ModelProto`` of
https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto:
what is needed of it is a dozen numbered fields. (The sentencepiece library gives no
access to the normalisation table; reading its protocol buffer takes a further one.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from harness import CheckpointError

Value = int | bytes


class Kind(IntEnum):
    """What a piece is for."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class Piece(NamedTuple):
    """One entry of the vocabulary; its id is its place."""

    text: str
    score: float
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceModel:
    """What a SentencePiece model says.

    Attributes:
        pieces: the vocabulary, by id.
        is_bpe: cut by merges, else by likelihood (unigram).
        character_map: the compiled table of normalisation, None for none.
        origin: the file.
    """

    pieces: tuple[Piece, ...]
    is_bpe: bool
    character_map: bytes | None
    origin: Path

    @property
    def unknown(self) -> int:
        """The id of the piece for what is unknown."""
        return next(i for i, p in enumerate(self.pieces) if p.kind is Kind.UNKNOWN)

    @property
    def has_bytes(self) -> bool:
        """Whether what is unknown is written in bytes."""
        return any(piece.kind is Kind.BYTE for piece in self.pieces)


def read_piece_model(path: Path) -> PieceModel:
    """Read a ``.model`` file.

    Raises:
        CheckpointError: it is none.
    """
    try:
        fields = list(_fields(path.read_bytes()))
        pieces = tuple(_piece(_bytes(value)) for number, value in fields if number == 1)
        trainer = _last_of(fields, 2)
        normalizer = _last_of(fields, 3)
        kinds = {piece.kind for piece in pieces}
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise CheckpointError(
            f"{path} is no SentencePiece model ({error}): fetch the checkpoint again"
        ) from error
    algorithm = dict(trainer).get(3, 1)
    if Kind.UNKNOWN not in kinds or algorithm not in (1, 2):
        raise CheckpointError(
            f"{path} is no SentencePiece model of pieces with an unknown one: expected "
            "one trained as unigram or BPE"
        )
    character_map = dict(normalizer).get(2)
    return PieceModel(
        pieces=pieces,
        is_bpe=algorithm == 2,
        character_map=_bytes(character_map) if character_map else None,
        origin=path,
    )


def _piece(message: bytes) -> Piece:
    fields = dict(_fields(message))
    (score,) = struct.unpack("<f", _bytes(fields.get(2, bytes(4))))
    kind = fields.get(3, Kind.NORMAL)
    if kind not in set(Kind):
        raise ValueError(f"a piece of kind {kind!r}")
    return Piece(_bytes(fields.get(1, b"")).decode(), score, Kind(int(kind)))


def _last_of(fields: list[tuple[int, Value]], number: int) -> list[tuple[int, Value]]:
    found = [value for at, value in fields if at == number]
    return list(_fields(_bytes(found[-1]))) if found else []


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError(f"a field holds the number {value}")
    return value


def _fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Yield each field's number and value: a number, or bytes.

    Wire format: https://protobuf.dev/programming-guides/encoding.
    """
    place = 0
    while place < len(message):
        tag, place = _number(message, place)
        wire = tag & 7
        if wire == 0:
            value, place = _number(message, place)
            yield tag >> 3, value
            continue
        if wire not in (1, 2, 5):
            raise ValueError(f"wire type {wire} at byte {place}")
        size = 8 if wire == 1 else 4
        if wire == 2:
            size, place = _number(message, place)
        if place + size > len(message):
            raise ValueError(f"a field of {size} bytes at byte {place}")
        yield tag >> 3, message[place : place + size]
        place += size


def _number(message: bytes, place: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, least first, and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError(f"an endless number at byte {place}")
