"""CodeXGLUE's CodeBLEU: the four parts and their sum, at two sets of shares."""

from __future__ import annotations

from harness.official import Inputs, Outputs
from harness_codexglue.official_measure import measure

KNOWN_DIFFERENCES = {
    "syntax_match": 0.02,
    "dataflow_match": 0.02,
    "codebleu": 0.01,
    "codebleu_params_0.1_0.1_0.4_0.4": 0.016,
}
"""What the grammar decides, on real data: the script brings a build of 2020."""


def codebleu(inputs: Inputs) -> Outputs:
    """Score by CodeBLEU: `calc_code_bleu.py`, whose lines are always stripped."""
    from harness.metrics.code.codebleu import PARTS, part_scores

    shares = ":".join(str(share) for share in inputs["params"])
    values = list(inputs["predictions"]), list(inputs["references"])
    spec = f"codebleu,lang={inputs['lang']}"
    whole = measure(f"{spec},params={shares}", *values)
    sums = whole.statistics.sum(axis=0, keepdims=True)
    parts = dict(zip(PARTS, map(float, part_scores(sums)[0]), strict=True))
    code_first = (0.1, 0.1, 0.4, 0.4)
    pairs = zip(code_first, parts.values(), strict=True)
    return {
        **parts,
        "codebleu": whole.score,
        "codebleu_params_0.1_0.1_0.4_0.4": sum(share * part for share, part in pairs),
        "warned": bool(sums[0, -1] == 0),
    }
