"""Whether prompts are put into a checkpoint's chat template. Light: no torch."""

from __future__ import annotations

from harness import UsageError
from harness_gpt.checkpoint import GptCheckpoint
from harness_torch.chat import (
    ChatTemplate,
    TemplateSource,
    find_chat_template,
    load_chat_template,
)


def chat_source(checkpoint: GptCheckpoint) -> TemplateSource | None:
    """Return the template that Generate prompts are put into, None for none.

    Raises:
        UsageError: one is wanted, and there is none.
        CheckpointError: its file can't be used.
    """
    wanted, folder = checkpoint.facts["chat"], checkpoint.folder
    if wanted == "off":
        return None
    source = None if folder is None else find_chat_template(folder)
    if source is None and wanted == "on":
        raise UsageError(
            f"model {checkpoint.title!r} has chat 'on' and no chat template: leave the "
            "option out, or put a chat_template.jinja into its folder"
        )
    return source


def chat_template(checkpoint: GptCheckpoint) -> ChatTemplate | None:
    """Load the template that `chat_source` finds."""
    if chat_source(checkpoint) is None or checkpoint.folder is None:
        return None
    return load_chat_template(checkpoint.folder)
