"""The words of the made-up SuperGLUE rows: hints that lean, and what they stand among.

Every table of hints has one list for the wrong or negative side and one for the other.
"""

from __future__ import annotations

Sides = tuple[tuple[str, ...], tuple[str, ...]]


def _split(text: str) -> tuple[str, ...]:
    return tuple(" ".join(piece.split()) for piece in text.split("|"))


QUALITY: Sides = (
    ("closed", "broken", "empty", "forgotten", "doubtful", "outdated"),
    ("open", "working", "busy", "celebrated", "certain", "modern"),
)
REPORT: Sides = (
    ("denied", "disputed", "abandoned", "refused", "delayed", "withdrawn"),
    ("confirmed", "approved", "finished", "granted", "repeated", "extended"),
)
MANNER: Sides = (
    ("hardly", "rarely", "barely", "seldom", "briefly", "almost"),
    ("clearly", "always", "widely", "truly", "fully", "gladly"),
)
OPINION: Sides = (
    ("critics doubt it", "records say little of it", "visitors complain of it"),
    ("guides praise it", "records speak of it often", "visitors return for it"),
)
ACTION: Sides = (
    ("painted", "counted", "sold", "measured", "borrowed", "folded"),
    ("repaired", "dried", "cleaned", "lifted", "opened", "warmed"),
)
THING: Sides = (
    ("the calendar", "the cartoon", "the violin", "the recipe", "the riddle"),
    ("the roof", "the engine", "the window", "the blanket", "the ladder"),
)
REASON: Sides = (
    ("out of boredom", "for a bet", "by accident", "for no reason"),
    ("in time", "with great care", "before the storm", "as planned"),
)
FIRST_NAME: Sides = (
    ("Otto", "Vera", "Bruno", "Hilda", "Ernst", "Paula", "Klaus"),
    ("Ana", "Luis", "Marta", "Diego", "Elena", "Pablo", "Rosa"),
)
LAST_NAME: Sides = (
    ("Brandt", "Keller", "Vogel", "Winter", "Schmidt", "Lehmann", "Hartmann"),
    ("Garcia", "Moreno", "Silva", "Torres", "Campos", "Vargas", "Delgado"),
)
BELIEF: tuple[tuple[str, ...], ...] = (
    ("knew", "noticed", "proved", "remembered", "learnt", "saw"),
    ("denied", "doubted", "mocked", "disproved", "laughed off", "never meant"),
    ("wondered whether", "asked if", "guessed", "hoped", "supposed", "heard say"),
)
"""Verbs by label: entailment, contradiction, neutral."""
CERTAINTY: tuple[tuple[str, ...], ...] = (
    ("of course", "after all", "plainly", "as everyone knew"),
    ("not at all", "on no account", "far from it", "quite wrongly"),
    ("perhaps", "possibly", "who can tell", "it was too early to say"),
)

PEOPLE = _split(
    """
    the gardener | the baker | the pilot | the teacher | the sailor | the nurse |
    the tailor | the miller | the singer | the farmer | the painter | the lawyer |
    the builder | the student | the waiter | the dentist"""
)
PLACES = _split(
    """
    Alder Bridge | Birch Hall | Cedar Park | Dover Mill | Elm Station | Fern Abbey |
    Grove Market | Hazel Tower | Ivy Harbour | Juniper Pass | Kelp Lighthouse |
    Larch School | Maple Theatre | Nettle Field"""
)
KINDS = ("building", "crossing", "landmark", "meeting place", "stopping place")
YEARS = tuple(str(year) for year in range(1801, 2001, 7))
TOPICS = _split(
    """
    the bridge was safe | the river had risen | the letter had arrived |
    the house was sold | the king was ill | the train was late | the garden was hers |
    the price had fallen | the road was closed | the boat had sunk |
    the judge was right | the harvest was good"""
)
NAMES = ("Ada", "Ben", "Clara", "David", "Edith", "Frank", "Grace", "Henry", "Iris")
WORDS = ("bank", "bat", "bow", "crane", "deck", "file", "jam", "match", "ring", "seal")
NEAR: Sides = (
    ("was spelt", "was argued over", "was misheard", "was translated"),
    ("was held", "was painted", "was sold", "was found"),
)
