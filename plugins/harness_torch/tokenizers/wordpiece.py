"""WordPiece tokenizers from a vocab.txt, as BERT's.

The reference is BERT's tokenization.py (google-research/bert) as transformers'
BertTokenizer builds it.
"""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from harness import CheckpointError
from harness_torch.tokenizers.settings import TokenizerSettings
from harness_torch.tokenizers.special import SpecialTokens


def make_wordpiece(
    vocabulary: bytes, settings: TokenizerSettings, special: SpecialTokens
) -> Tokenizer:
    """Make the tokenizer of a vocab.txt, one token a line.

    Raises:
        CheckpointError: it lacks a special token.
    """
    path = special.origin / "vocab.txt"
    try:
        text = vocabulary.decode()
    except ValueError as error:
        raise CheckpointError(
            f"{path} is no text ({error}): fetch the checkpoint again"
        ) from error
    # Not splitlines: some vocabularies hold Unicode's other line ends as tokens.
    lines = text.removesuffix("\n").split("\n")
    ids = {line.removesuffix("\r"): index for index, line in enumerate(lines)}
    for role in ("unk", "cls", "sep", "pad", "mask"):
        if special.text(role) not in ids:
            raise CheckpointError(
                f"{path} lacks the special token "
                f"{special.text(role)!r}: use the vocabulary that belongs to the model"
            )
    cls, sep = special.text("cls"), special.text("sep")
    tokenizer = Tokenizer(WordPiece(ids, unk_token=special.text("unk")))
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=settings.flag("do_lower_case", default=True),
        handle_chinese_chars=settings.flag("tokenize_chinese_chars", default=True),
        strip_accents=settings.choice("strip_accents"),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        (sep, ids[sep]), (cls, ids[cls])
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer
