"""Where in Korea: "Bucheon", "안산시", "京畿道", "Пусан", "เชจู"."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import regex

from nlu.mentions import Mention
from nlu.wordlists import alternatives, word_list


def find_places(text: str) -> list[Mention]:
    """The cities, counties and provinces named in `text`, by their English names.

    Whether the person lives there the words around tell; `place_facts` tells
    what the name says.
    """
    found = []
    for script in _SCRIPTS:
        if script.used_in.search(text):
            for match in _pattern(script.name).finditer(text):
                found.append(Mention("text", str(match.lastgroup), match.start(), match.end()))
    return found


def place_facts(place: str) -> dict[str, str]:
    """The city and the province of a place found: Bucheon is in Gyeonggi, Seoul is its own."""
    lists = word_list("places")
    for province, cities in lists["cities"].items():
        if place in cities:
            return {"city": place, "province": province}
    if place in lists["metropolitan"]:
        return {"city": place, "province": place}
    return {"province": place}


class _Script(NamedTuple):
    """What stands around a name in a script; `careful` names need `led` or `ended`."""

    name: str
    used_in: regex.Pattern[str]
    before: str
    ending: str
    after: str
    led: str = "(?!)"
    ended: str = "(?!)"


_JOSA = (
    r"에(?:서|요|는|도)?|이(?:에요|요|고|며|라|랑|나|야|죠|구요|지만)?|예요|입니다|인데|은|는|가|을|를|의|로|으로|과|와|도|까지|부터|요|랑|쪽|살|사는|사람"
    r"|청|출신|거주|지역|출입국|외국인|시내|역|서"
)
_SCRIPTS = [
    _Script(
        "latin",
        regex.compile("[A-Za-z]"),
        r"(?<![\p{L}\d'-]|taga)|(?<=taga-)",
        r"(?:[ -]?(?:si|shi|gun|do|city|province))?(?:-?(?:da(?:n|gi|man)?|ga|lik\w*|doo?s|d|t))?",
        r"(?![\p{L}\d])",
        led=r"(?<=(?:\b(?:in|at|to|from|near|sa|di|ke|kota|tp|tp\.|phố|pho|huyện|tại|tai|yu|thi|krong"
        r"|nov|live)|\b[ởo]|taga)[ -])",
        ended=r"(?:[ -](?:si|gun|city|shi|shahri\w*|hotod)|da(?:n|gi|man)?\b| ma\b(?! )| mhar\b)",
    ),
    _Script(
        "hangul",
        regex.compile("[가-힣]"),
        r"(?<![가-힣])|(?<=도)|(?<=광역시)",
        r"(?:특별자치시|특별자치도|특별시|광역시|시|군|도)?",
        rf"(?![가-힣])|(?=(?:{_JOSA})(?![가-힣])|에|살|출입국|외국인|거주)",
        ended="(?:광역시|특별자치시|시(?!간|작)|군)(?![가-힣])"
        "|(?:시|군)?(?=에(?:서)? ?(?:살|사는|거주|있|지내|삽)|(?:에|에서|으로|로)(?![가-힣])|살)",
    ),
    _Script(
        "han",
        regex.compile(r"\p{Han}"),
        "",
        r"(?:特别市|特別市|广域市|廣域市|広域市|特别自治[市道]|市|郡|道)?",
        "",
        led="(?<=住在?|家在|人在)",
        ended="(?:市|郡)",
    ),
    _Script(
        "kana",
        regex.compile(r"\p{Katakana}"),
        r"(?<![\p{Katakana}ー])",
        "(?:ド|シ)?",
        r"(?![\p{Katakana}ー])",
    ),
    _Script(
        "cyrillic",
        regex.compile(r"\p{Cyrillic}"),
        r"(?<!\p{L})",
        r"(?:-?(?:си|до|то|гун))?(?:[аеуыию]|ом|ем|ой|ий|ск\p{L}+|[дт]|аас|оос|ээс|ын|ийн|да|дан|га)?",
        r"(?!\p{L})",
    ),
    _Script("thai", regex.compile(r"\p{Thai}"), "", "(?:โด|ซี)?", ""),
    _Script("burmese", regex.compile(r"\p{Myanmar}"), "", "(?:ဒို|မြို့)?", ""),
    _Script("khmer", regex.compile(r"\p{Khmer}"), "", "", ""),
    _Script(
        "devanagari",
        regex.compile(r"\p{Devanagari}"),
        r"(?<![\p{L}\p{M}])",
        "(?:दो|सी)?",
        r"(?=मा|ले|बाट|को|का|तिर|$|[^\p{L}\p{M}])",
    ),
]


@cache
def _pattern(script_name: str) -> regex.Pattern[str]:
    script = next(script for script in _SCRIPTS if script.name == script_name)
    lists = word_list("places")
    careful = alternatives(lists["careful"].get(script_name, [])) or "(?!)"
    places = dict(lists["provinces"])
    for cities in lists["cities"].values():
        places |= cities
    # Of two names that begin alike the longer is meant; the provinces' are.
    names = [
        (place, scripts[script_name]) for place, scripts in places.items() if script_name in scripts
    ]
    names.sort(key=lambda item: (item[0] not in lists["provinces"], -len(item[1])))
    listed = "|".join(rf"(?P<{place}>{name.replace(' ', chr(92) + 's+')})" for place, name in names)
    whole = rf"(?:{listed}){script.ending}(?:{script.after})"
    plain = rf"(?:{script.before})(?!(?:{careful}){_end_of(script)}){whole}"
    sure = (
        rf"(?:{script.before})(?=(?:{careful}))"
        rf"(?:(?:{script.led}){whole}|(?:{listed})(?:{script.ended}))"
    )
    return regex.compile(f"{plain}|{sure}" if careful != "(?!)" else plain, regex.IGNORECASE)


def _end_of(script: _Script) -> str:
    """A careful name is the whole word, not the beginning of a longer name."""
    return "" if script.name in ("han", "hangul") else r"\b"
