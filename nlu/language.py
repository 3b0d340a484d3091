"""Which of the fourteen languages a message is written in."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import regex
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml import YAML

LANGUAGES = ("en", "ko", "ja", "zh", "vi", "ru", "th", "mn", "uz", "tl", "my", "km", "id", "ne")
LANGUAGE = "language"


class Guess(NamedTuple):
    """A language, and whether the words leave no doubt.

    `code` is None where there are no words at all ("F-6", "3", an emoji): the
    conversation's language stands.
    """

    code: str | None
    sure: bool


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class LanguageDetector(GraphComponent):
    """Puts `language` and `language_sure` into the message.

    A language the person has chosen (`metadata.language`) stands, whatever
    they write in.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            chosen = (message.get(METADATA) or {}).get(LANGUAGE)
            if chosen in LANGUAGES:
                found = Guess(chosen, True)
            elif text.startswith(INTENT_MESSAGE_PREFIX):
                found = Guess(None, False)
            else:
                found = detect(text)
            message.set(LANGUAGE, found.code, add_to_output=True)
            message.set("language_sure", found.sure, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def detect(text: str) -> Guess:
    """The language of the words of `text`; codes, names of tests and links tell nothing."""
    words = _NO_WORDS.sub(" ", text.casefold().replace("ʻ", "'").replace("’", "'"))
    weights = Counter[str]()
    for script, pattern, weight in _SCRIPTS:
        weights[script] = sum(len(run) for run in pattern.findall(words)) * weight
    latin = weights.pop("latin")
    if not any(weights.values()):
        return _latin(words) if latin else Guess(None, False)
    if latin > sum(weights.values()):
        # "what is 체류기간연장허가?" is English; "F6 비자 PR application 언제?" is Korean.
        found = _latin(words)
        if found.sure and _function_words(words) >= 2:
            return found
    script = _leading(weights)
    if script == "han":
        return _han(words)
    if script == "cyrillic":
        return _cyrillic(words)
    return Guess(script, True)


# Per script: its name (the language where only one of ours uses it) and how many Latin letters
# one of its signs is worth.
_SCRIPTS = (
    ("latin", regex.compile(r"\p{Latin}+"), 1.0),
    ("ko", regex.compile(r"\p{Hangul}+"), 2.5),
    ("ja", regex.compile(r"[\p{Hiragana}\p{Katakana}ー]+"), 2.5),
    ("han", regex.compile(r"\p{Han}+"), 2.5),
    ("th", regex.compile(r"\p{Thai}+"), 1.2),
    ("km", regex.compile(r"\p{Khmer}+"), 1.2),
    ("my", regex.compile(r"\p{Myanmar}+"), 1.2),
    ("ne", regex.compile(r"\p{Devanagari}+"), 1.2),
    ("mn", regex.compile(r"\p{Mongolian}+"), 1.2),
    ("cyrillic", regex.compile(r"\p{Cyrillic}+"), 1.0),
)
# What is written alike in every language: links, addresses, statuses, abbreviations.
_NO_WORDS = regex.compile(
    r"https?://\S+|\S+@\S+\.\S+"
    r"|(?<![\p{Latin}\d])(?:[a-h][\s.-]?\d{1,2}(?:[\s.-]?\d{1,2})?(?!\d)"
    r"|(?:pr|arc|topik|kiip|kiprat|f|d|e|hikorea|gni|usd|krw|sns|pdf|ccvi|cctv)(?![\p{Latin}\d]))"
)
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*")
_VIETNAMESE = regex.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
_UZBEK_CYRILLIC = regex.compile(r"[ўқғҳ]")
_MONGOLIAN = regex.compile(r"[өү]")
_RUSSIAN = regex.compile(r"[щъ]|ый\b|ая\b|ть\b|ого\b")


def _leading(weights: Counter[str]) -> str:
    # Japanese mixes kana with Han; one Chinese message in Han has no kana at all.
    if weights["ja"]:
        weights["ja"] += weights.pop("han", 0)
    return max(weights, key=lambda script: weights[script])


def _latin(words: str) -> Guess:
    if _VIETNAMESE.search(words):
        return Guess("vi", True)
    scores = Counter[str]()
    found = _WORD.findall(words)
    lexicon = _lexicon("latin")
    for word in found:
        languages = lexicon.get(word, ())
        for language in languages:
            scores[language] += 1 / len(languages)
    if not scores:
        for word in found:
            if word in _weak():
                scores["en"] += 0.5
    ranked = scores.most_common(2)
    if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1] * 1.2):
        lead = ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0)
        return Guess(ranked[0][0], lead >= 1)
    tied = {language for language, score in ranked} if ranked else {"en", "vi", "id", "tl"}
    code, _ = _langid().classify(words)
    return Guess(code if code in tied or not ranked else ranked[0][0], False)


def _function_words(words: str) -> int:
    lexicon = _lexicon("latin")
    return sum(word in lexicon for word in _WORD.findall(words))


def _cyrillic(words: str) -> Guess:
    if _UZBEK_CYRILLIC.search(words):
        return Guess("uz", True)
    if _MONGOLIAN.search(words):
        return Guess("mn", True)
    scores = Counter[str](ru=0.1)
    lexicon = _lexicon("cyrillic")
    for word in _WORD.findall(words):
        for language in lexicon.get(word, ()):
            scores[language] += 1
    scores["ru"] += len(_RUSSIAN.findall(words))
    (code, best), *others = scores.most_common(2)
    return Guess(code, best - (others[0][1] if others else 0) >= 1)


def _han(words: str) -> Guess:
    """Chinese or Japanese without kana: some signs exist in one country's standard only."""
    japanese, chinese = 0.0, 0.1
    for sign in regex.findall(r"\p{Han}", words):
        in_japan, on_mainland = _encodable(sign, "shift_jis"), _encodable(sign, "gb2312")
        if in_japan and not on_mainland and not _encodable(sign, "big5"):
            japanese += 2
        elif not in_japan:
            chinese += 2
    for language, weight in (("ja", 1.0), ("zh", 1.0)):
        hits = sum(
            weight * len(word) / 2
            for word, languages in _lexicon("han").items()
            if language in languages and word in words
        )
        if language == "ja":
            japanese += hits
        else:
            chinese += hits
    return Guess("ja" if japanese > chinese else "zh", abs(japanese - chinese) >= 1)


def _encodable(sign: str, charset: str) -> bool:
    try:
        sign.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache
def _lexicon_file() -> dict[str, Any]:
    path = Path(__file__).parent / "lexicon" / "languages.yml"
    loaded: dict[str, Any] = YAML(typ="safe").load(path)
    return loaded


@lru_cache
def _lexicon(script: str) -> dict[str, tuple[str, ...]]:
    languages: dict[str, tuple[str, ...]] = {}
    for language, words in _lexicon_file()[script].items():
        for word in dict.fromkeys(words.split()):
            languages[word] = (*languages.get(word, ()), language)
    return languages


@lru_cache
def _weak() -> frozenset[str]:
    return frozenset(_lexicon_file()["weak"].split())


@lru_cache
def _langid() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE)
    identifier.set_languages(["en", "vi", "id", "tl"])
    return identifier
