"""Where the protocols are published."""

from __future__ import annotations

SUPERGLUE_PAPER = (
    "Wang et al., SuperGLUE: A Stickier Benchmark for General-Purpose Language "
    "Understanding Systems (NeurIPS 2019)"
)
T5_SOURCE = (
    "Raffel et al., Exploring the Limits of Transfer Learning with a Unified "
    "Text-to-Text Transformer (JMLR 2020), appendix D; preprocessors.glue, .record and "
    ".wsc_simple in google-research/text-to-text-transfer-transformer t5/data"
)
PET_SOURCE = (
    "Schick and Schütze, It's Not Just Size That Matters: Small Language Models Are Also "
    "Few-Shot Learners (NAACL 2021), section 4.1; pet/pvp.py of timoschick/pet"
)


def lm_eval_source(config: str) -> str:
    """Return where lm-evaluation-harness words a task."""
    return (
        f"EleutherAI/lm-evaluation-harness lm_eval/tasks/super_glue/{config}/"
        "default.yaml, release 0.4.13"
    )
