"""Which of the fourteen languages a message is written in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import regex
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import HashingVectorizer

from knowledge.catalogue import LANGUAGES
from knowledge.router import read_examples
from nlu.wordlists import FOLDER, word_list

LANGUAGE = "language"
WRITTEN_IN = "written_in"
ACTS = FOLDER.parent / "data" / "acts"


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
            found = Guess(None, False)
            if not text.startswith(INTENT_MESSAGE_PREFIX):
                found = detect(text)
            message.set(WRITTEN_IN, found.code)
            if chosen in LANGUAGES:
                found = Guess(chosen, True)
            message.set(LANGUAGE, found.code, add_to_output=True)
            message.set("language_sure", found.sure, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def detect(text: str) -> Guess:
    """The language of the words of `text`; codes, names of tests and links tell nothing."""
    words = _NO_WORDS.sub(" ", _folded(text))
    weights: dict[str, float] = {}
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
_OTHER_SCRIPTS = regex.compile(r"(?!\p{Latin})\p{L}")
_UZBEK_CYRILLIC = regex.compile(r"[ўқғҳ]")
_MONGOLIAN = regex.compile(r"[өү]")
_RUSSIAN = regex.compile(r"[щъ]|ый\b|ая\b|ть\b|ого\b")


def _folded(text: str) -> str:
    return regex.sub("[ʻ’‘ʼ`´]", "'", text.casefold())


def _leading(weights: dict[str, float]) -> str:
    # Japanese mixes kana with Han; one Chinese message in Han has no kana at all.
    if weights["ja"]:
        weights["ja"] += weights.pop("han")
    return max(weights, key=lambda script: weights[script])


def _latin(words: str) -> Guess:
    if _VIETNAMESE.search(words):
        return Guess("vi", True)
    spoken = " ".join(_WORD.findall(words))
    return _latin_languages().guess(spoken) if spoken else Guess(None, False)


class LatinLanguages:
    """Naive Bayes over runs of one to four letters.

    Fitted when it is first needed on everything that is written for training
    anyway, romanised Nepali and unaccented Vietnamese among it, so that new
    examples sharpen it without a step of their own.  langid knows whole
    sentences of news; "viza uzaytirish" it took for Finnish.
    """

    SLOTS = 2**16
    SMOOTHING = 0.05
    LEXICON_WEIGHT = 3
    SURE = 6.0  # nats between the first and the second

    def __init__(self, examples: Sequence[tuple[str, str]]) -> None:
        """`examples` are (language, text)."""
        self._letters = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(1, 4),
            n_features=self.SLOTS,
            alternate_sign=False,
            norm=None,
            lowercase=False,
        )
        self.languages = sorted({language for language, _ in examples})
        texts: dict[str, list[str]] = {language: [] for language in self.languages}
        for language, text in examples:
            texts[language].append(text)
        counts = [self._letters.transform(texts[language]).sum(axis=0) for language in texts]
        smoothed = np.asarray(np.vstack(counts), dtype=np.float32) + self.SMOOTHING
        self._weights = np.log(smoothed / smoothed.sum(axis=1, keepdims=True))

    def guess(self, text: str) -> Guess:
        """The likeliest language of folded words."""
        found = self._letters.transform([text])
        scores = found.data @ self._weights[:, found.indices].T
        order = np.argsort(scores)[::-1]
        lead = float(scores[order[0]] - scores[order[1]])
        return Guess(self.languages[order[0]], lead >= self.SURE)


@lru_cache
def _latin_languages() -> LatinLanguages:
    lexicon = [
        (language, word)
        for language, words in word_list("languages")["latin"].items()
        for word in words.split()
    ]
    return LatinLanguages([*_latin_examples(), *lexicon * LatinLanguages.LEXICON_WEIGHT])


def _latin_examples() -> Iterator[tuple[str, str]]:
    examples = [(e.language, e.text) for e in read_examples()]
    for path in sorted(ACTS.glob("*.yml")):
        for block in yaml.load(path.read_bytes(), yaml.CSafeLoader)["nlu"]:
            language = block["metadata"]["language"]
            lines = block["examples"].splitlines()
            examples += [(language, line.removeprefix("- ")) for line in lines]
    for language, text in examples:
        words = _NO_WORDS.sub(" ", _folded(text))
        if not _OTHER_SCRIPTS.search(words):
            yield language, " ".join(_WORD.findall(words))


def _function_words(words: str) -> int:
    lexicon = _lexicon("latin")
    return sum(word in lexicon for word in _WORD.findall(words))


def _cyrillic(words: str) -> Guess:
    if _UZBEK_CYRILLIC.search(words):
        return Guess("uz", True)
    if _MONGOLIAN.search(words):
        return Guess("mn", True)
    scores = {"ru": 0.1, "mn": 0.0, "uz": 0.0}
    lexicon = _lexicon("cyrillic")
    for word in _WORD.findall(words):
        for language in lexicon.get(word, ()):
            scores[language] += 1
    scores["ru"] += len(_RUSSIAN.findall(words))
    first, second, _ = sorted(scores, key=lambda language: -scores[language])
    return Guess(first, scores[first] - scores[second] >= 1)


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
def _lexicon(script: str) -> dict[str, tuple[str, ...]]:
    languages: dict[str, tuple[str, ...]] = {}
    for language, words in word_list("languages")[script].items():
        for word in dict.fromkeys(words.split()):
            languages[word] = (*languages.get(word, ()), language)
    return languages
