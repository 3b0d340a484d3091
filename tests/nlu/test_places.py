"""Places, and numbers in words: what is found of them and what only looks like them."""

from __future__ import annotations

import pytest

from nlu.numbers import find_numbers
from nlu.places import find_places, place_facts
from nlu.wordlists import word_list


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("my room is in Gwangmyeong", "Gwangmyeong"),
        ("asan city", "Asan"),
        ("시흥에 살아요", "Siheung"),
        ("영주시", "Yeongju"),
        ("충청북도예요", "Chungbuk"),
        ("始興市に住んでいます", "Siheung"),
        ("ハナムです", "Hanam"),
        ("我在華城", "Hwaseong"),
        ("живу в Сувоне", "Suwon"),
        ("อยู่อันยาง", "Anyang"),
        ("ဒယ်ဂူမှာ", "Daegu"),
        ("នៅដេហ្គូ", "Daegu"),
        ("म बुसानमा बस्छु", "Busan"),
        ("Suwonda yashayman", "Suwon"),
    ],
)
def test_place_is_found_by_its_english_name(words: str, place: str) -> None:
    assert [mention.value for mention in find_places(words)] == [place]


@pytest.mark.parametrize(
    "words",
    [
        "영주권 신청",
        "고양이가 아파요",
        "이천만원",
        "교수원",
        "asan po ang opisina",
        "goyang",
        "河南人",
    ],
)
def test_other_words_are_no_places(words: str) -> None:
    assert find_places(words) == []


def test_a_city_tells_its_province_and_a_metropolitan_one_is_its_own() -> None:
    assert place_facts("Bucheon") == {"city": "Bucheon", "province": "Gyeonggi"}
    assert place_facts("Busan") == {"city": "Busan", "province": "Busan"}
    assert place_facts("Jeonnam") == {"province": "Jeonnam"}


def test_every_province_of_a_city_is_listed() -> None:
    lists = word_list("places")

    assert set(lists["cities"]) <= set(lists["provinces"])
    assert set(lists["metropolitan"]) <= set(lists["provinces"])


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("en", "he failed thrice", 3),
        ("en", "a hundred and thirty-five students", 135),
        ("ko", "서른두 살", 32),
        ("ko", "세 번", 3),
        ("ja", "六級", 6),
        ("zh", "四十七", 47),
        ("vi", "bốn mươi lăm", 45),
        ("ru", "тридцать девять", 39),
        ("ru", "третий уровень", 3),
        ("th", "แปดสิบสี่คะแนน", 84),
        ("mn", "дөчин хоёр", 42),
        ("uz", "ellik olti ball", 56),
        ("tl", "tatlumpu't lima", 35),
        ("my", "ရှစ်ဆယ့်သုံးမှတ်", 83),
        ("km", "សាមសិបបួននាក់", 34),
        ("id", "empat belas", 14),
        ("ne", "अठार", 18),
    ],
)
def test_number_in_words_is_read(language: str, words: str, value: int) -> None:
    assert [m.value for m in find_numbers(words, [], (language, "en"))] == [value]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "이번에 한국에서"),
        ("ko", "사회통합"),
        ("ja", "十分です"),
        ("en", "once I marry"),
        ("ne", "यो छ"),
    ],
)
def test_other_words_are_no_numbers(language: str, words: str) -> None:
    assert find_numbers(words, [], (language,)) == []
