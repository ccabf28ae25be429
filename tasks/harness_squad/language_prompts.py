"""How XQuAD and MLQA are worded: lm-evaluation-harness's, mT5's, and the chat's words.

lm-evaluation-harness asks XQuAD in its own language and MLQA in English. An instruction
to a chat is SQuAD's, in English.
"""

from __future__ import annotations

import unicodedata

from harness import Prompt, Row
from harness.requests import JsonValue
from harness_squad.prompts import CHAT, first, read_t5, write_plain

MT5_SOURCE = (
    "Xue et al., mT5: A massively multilingual pre-trained text-to-text transformer "
    "(NAACL 2021); preprocessors.xquad in google-research/multilingual-t5"
)
XQUAD_WORDS = {
    "ar": (
        "\u0633\u064a\u0627",
        "\u0633\u0624\u0627\u0644",
        "\u0625\u062c\u0627\u0628\u0629",
    ),
    "de": ("Kontext", "Frage", "Antwort"),
    "el": ("Συμφραζόμενα", "Ερώτηση", "Απάντηση"),
    "en": ("Context", "Question", "Answer"),
    "es": ("Contexto", "Pregunta", "Respuesta"),
    "hi": ("प्रसंग", "सवाल", "उत्तर"),
    "ro": ("Context", "Întrebare", "Răspuns"),
    "ru": ("Контекст", "Вопрос", "Ответ"),
    "th": ("บริบท", "คำถาม", "คำตอบ"),
    "tr": ("Bağlam", "Soru", "Cevap"),
    "vi": ("Bối cảnh", "Câu hỏi", "Trả lời"),
    "zh": ("语境", "问题", "回答"),
}
"""What lm-evaluation-harness writes before context, question and answer of XQuAD."""


def pad_marks(text: str) -> str:
    """Put spaces around all but letters, digits, accents and underscores, as mT5 does.

    `_pad_punctuation` in its preprocessors; ends are bare, see `pad_punctuation`.
    """
    padded = (c if _is_word_part(c) else f" {c} " for c in text)
    return " ".join("".join(padded).split())


def _is_word_part(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LMN" or character == "_" or character.isspace()


def _mt5_text(row: Row) -> str:
    question = pad_marks(str(row["question"]))
    context = pad_marks(str(row["context"]))
    return f"question: {question} context: {context}"


def _write_mt5(target: JsonValue, _row: Row) -> str:
    return pad_marks(first(target))


def _lm_eval_in(words: tuple[str, str, str], path: str) -> Prompt:
    context, question, answer = words
    return Prompt(
        text=f"{context}: {{context}}\n\n{question}: {{question}}\n\n{answer}:",
        write=write_plain,
        max_tokens=256,
        source=f"EleutherAI/lm-evaluation-harness lm_eval/tasks/{path}, release 0.4.13",
    )


MT5 = Prompt(
    text=_mt5_text,
    write=_write_mt5,
    parse=read_t5,
    max_tokens=64,
    source=MT5_SOURCE,
)
MLQA = {
    "lm-eval": _lm_eval_in(("Context", "Question", "Answer"), "mlqa/mlqa_common_yaml"),
    "t5": MT5,
    "chat": CHAT,
}


def xquad_prompts(language: str) -> dict[str, Prompt]:
    """Return XQuAD's prompts; an instruction to a chat is English in all languages."""
    path = f"xquad/xquad_{language}.yaml"
    worded = _lm_eval_in(XQUAD_WORDS[language], path)
    return {"lm-eval": worded, "t5": MT5, "chat": CHAT}
