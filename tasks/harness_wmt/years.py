"""Which test sets there are, with their language pairs and where each lives.

Years and pairs are those of sacreBLEU 2.6.0's table of data sets (mjpost/sacrebleu,
sacrebleu/dataset/__init__.py). Three places have them:

| years | Hub | data folder | sacreBLEU's downloads |
|---|---|---|---|
| 2008-2013, 2020-2024 | - | ``wmt/wmt23_en-de/test`` | yes |
| 2014-2018 | ``wmt/wmt14`` ... ``wmt/wmt18``, split ``test`` | likewise | yes |
| 2019 | ``wmt/wmt19``: training data, no test split | likewise | yes |

A configuration of the Hub, such as ``de-en``, serves both directions: up to 2018 both
have the same sentences. The Hub's ``wmt14`` is what sacreBLEU calls ``wmt14/full``, a
little more than the official evaluation of German and English had.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One year's test sets.

    Attributes:
        name: as sacreBLEU, the Hub and folders have it.
        pairs: the language pairs, source first.
        findings: the organisers' paper.
        hub: configurations of the Hub's data set of the same name, none where the Hub
            has none.
        revision: the pinned revision of the Hub's data set, None where none is known.
    """

    name: str
    pairs: tuple[str, ...]
    findings: str
    hub: tuple[str, ...] = ()
    revision: str | None = None

    @property
    def number(self) -> int:
        """The year of the evaluation."""
        return 2000 + int(self.name[-2:])

    def hub_config(self, pair: str) -> str | None:
        """Return the configuration that serves a pair, in either direction."""
        source, _, target = pair.partition("-")
        return next((c for c in (pair, f"{target}-{source}") if c in self.hub), None)


def _year(
    name: str, pairs: str, findings: str, hub: str = "", revision: str | None = None
) -> Year:
    return Year(
        name=name,
        pairs=tuple(pairs.split()),
        findings=findings,
        hub=tuple(hub.split()),
        revision=revision,
    )


_STATISTICAL = "Workshop on Statistical Machine Translation"
_CONFERENCE = "Conference on Machine Translation"

YEARS: tuple[Year, ...] = (
    _year(
        "wmt08",
        "cs-en en-cs de-en en-de es-en en-es fr-en en-fr hu-en en-hu",
        "Callison-Burch et al., Further Meta-Evaluation of Machine Translation (2008)",
    ),
    _year(
        "wmt09",
        "cs-en en-cs de-en en-de es-en en-es fr-en en-fr hu-en en-hu it-en en-it",
        f"Callison-Burch et al., Findings of the 2009 {_STATISTICAL}",
    ),
    _year(
        "wmt10",
        "cs-en en-cs de-en en-de es-en en-es fr-en en-fr",
        f"Callison-Burch et al., Findings of the 2010 Joint {_STATISTICAL} and Metrics",
    ),
    _year(
        "wmt11",
        "cs-en en-cs de-en en-de fr-en en-fr es-en en-es",
        f"Callison-Burch et al., Findings of the 2011 {_STATISTICAL}",
    ),
    _year(
        "wmt12",
        "cs-en en-cs de-en en-de es-en en-es fr-en en-fr",
        f"Callison-Burch et al., Findings of the 2012 {_STATISTICAL}",
    ),
    _year(
        "wmt13",
        "cs-en en-cs de-en en-de es-en en-es fr-en en-fr ru-en en-ru",
        f"Bojar et al., Findings of the 2013 {_STATISTICAL}",
    ),
    _year(
        "wmt14",
        "cs-en en-cs de-en en-de en-fr fr-en en-hi hi-en en-ru ru-en",
        f"Bojar et al., Findings of the 2014 {_STATISTICAL}",
        hub="cs-en de-en fr-en hi-en ru-en",
        revision="b199e406369ec1b7634206d3ded5ba45de2fe696",
    ),
    _year(
        "wmt15",
        "en-fr fr-en cs-en de-en en-cs en-de en-fi en-ru fi-en ru-en",
        f"Bojar et al., Findings of the 2015 {_STATISTICAL}",
        hub="cs-en de-en fi-en fr-en ru-en",
    ),
    _year(
        "wmt16",
        "cs-en de-en en-cs en-de en-fi en-ro en-ru en-tr fi-en ro-en ru-en tr-en",
        f"Bojar et al., Findings of the 2016 {_CONFERENCE}",
        hub="cs-en de-en fi-en ro-en ru-en tr-en",
        revision="41d8a4013aa1489f28fea60ec0932af246086482",
    ),
    _year(
        "wmt17",
        "cs-en de-en en-cs en-de en-fi en-lv en-ru en-tr en-zh fi-en lv-en ru-en tr-en "
        "zh-en",
        f"Bojar et al., Findings of the 2017 {_CONFERENCE}",
        hub="cs-en de-en fi-en lv-en ru-en tr-en zh-en",
    ),
    _year(
        "wmt18",
        "cs-en de-en en-cs en-de en-et en-fi en-ru et-en fi-en ru-en en-tr tr-en en-zh "
        "zh-en",
        f"Bojar et al., Findings of the 2018 {_CONFERENCE}",
        hub="cs-en de-en et-en fi-en kk-en ru-en tr-en zh-en",
    ),
    _year(
        "wmt19",
        "cs-de de-cs de-en de-fr en-cs en-de en-fi en-gu en-kk en-lt en-ru en-zh fi-en "
        "fr-de gu-en kk-en lt-en ru-en zh-en",
        f"Barrault et al., Findings of the 2019 {_CONFERENCE}",
        hub="cs-en de-en fi-en gu-en kk-en lt-en ru-en zh-en fr-de",
    ),
    _year(
        "wmt20",
        "cs-en de-en de-fr en-cs en-de en-iu en-ja en-km en-pl en-ps en-ru en-ta en-zh "
        "fr-de iu-en ja-en km-en pl-en ps-en ru-en ta-en zh-en",
        f"Barrault et al., Findings of the 2020 {_CONFERENCE}",
    ),
    _year(
        "wmt21",
        "de-fr en-de en-ha en-is en-ja fr-de ha-en is-en ja-en zh-en en-zh cs-en de-en "
        "en-cs en-ru ru-en bn-hi hi-bn xh-zu zu-xh",
        f"Akhbardeh et al., Findings of the 2021 {_CONFERENCE}",
    ),
    _year(
        "wmt22",
        "cs-en cs-uk de-en de-fr en-cs en-de en-hr en-ja en-liv en-ru en-uk en-zh fr-de "
        "ja-en liv-en ru-en ru-sah sah-ru uk-cs uk-en zh-en",
        f"Kocmi et al., Findings of the 2022 {_CONFERENCE}",
    ),
    _year(
        "wmt23",
        "cs-uk de-en en-cs en-de en-he en-ja en-ru en-uk en-zh he-en ja-en ru-en uk-en "
        "zh-en",
        f"Kocmi et al., Findings of the 2023 {_CONFERENCE}",
    ),
    _year(
        "wmt24",
        "cs-uk en-cs en-de en-es en-hi en-is en-ja en-ru en-uk en-zh ja-zh",
        "Kocmi et al., Findings of the WMT24 General Machine Translation Shared Task",
    ),
)

LANGUAGES = {
    "bn": "Bengali",
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "ha": "Hausa",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "is": "Icelandic",
    "it": "Italian",
    "iu": "Inuktitut",
    "ja": "Japanese",
    "kk": "Kazakh",
    "km": "Khmer",
    "liv": "Livonian",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "pl": "Polish",
    "ps": "Pashto",
    "ro": "Romanian",
    "ru": "Russian",
    "sah": "Yakut",
    "ta": "Tamil",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "xh": "Xhosa",
    "zh": "Chinese",
    "zu": "Zulu",
}
"""What prompts call a language."""
