"""The peer's side of generating: `generate` over padded batches, in file order."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from benchmarks.beside.worker import Settings, Work, read_items, serve


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    is_decoder = not settings["has_source"]
    tokenizer = AutoTokenizer.from_pretrained(settings["model"], padding_side="left")
    kind: Any = AutoModelForCausalLM if is_decoder else AutoModelForSeq2SeqLM
    model = kind.from_pretrained(settings["model"], dtype=torch.float32).eval()
    items, size = read_items(settings), settings["batch_size"]
    asked = [settings.get("max_tokens") or item["max_tokens"] for item in items]
    end, pad = model.generation_config.eos_token_id, tokenizer.pad_token_id

    @torch.inference_mode()
    def work() -> list[list[int]]:
        found: list[list[int]] = []
        for start in range(0, len(items), size):
            prompts = [item["prompt"] for item in items[start : start + size]]
            most = asked[start : start + size]
            read = tokenizer(prompts, padding=True, return_tensors="pt")
            written = model.generate(
                input_ids=read["input_ids"],
                attention_mask=read["attention_mask"],
                max_new_tokens=max(most),
                num_beams=settings.get("beams", 1),
                do_sample=False,
                pad_token_id=pad,
            )
            first = read["input_ids"].shape[1] if is_decoder else 1
            rows = written[:, first:].tolist()
            found += [cut(row, n, end) for row, n in zip(rows, most, strict=True)]
        return found

    return work


def cut(row: list[int], most: int, end: int | None) -> list[int]:
    """Return what was written of a row up to its end, and so many tokens at most."""
    kept = row[:most]
    return kept[: kept.index(end)] if end in kept else kept


if __name__ == "__main__":
    serve(prepare)
