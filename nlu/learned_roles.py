"""Which fact a quantity is about, learned from messages: "F-6" one holds, or one wants.

Patterns (`nlu/roles.py`) know the plain cases.  Here the letters before and
after a quantity, the rest of the message and its meaning are weighed by a
logistic regression over the examples of `nlu/told.py`.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from knowledge.base import KnowledgeBase
from knowledge.encoder import Vectors
from nlu.folding import fold
from nlu.meaning import Embeddings, Meaning
from nlu.mentions import Mention
from nlu.roles import Masked, mask
from nlu.told import Saying, Told

NO_FACT = ""
FITS = {
    "duration": ("duration", "date", "number"),
    "date": ("date", "duration"),
    "money": ("money",),
    "number": ("number", "duration"),
    "country": ("country",),
    "status": ("status",),
    "text": ("text",),
}
"""Kinds of quantity, and the kinds of fact that they can tell."""
_REACH = 25  # letters on each side
_NEAR = 8
_LONGEST = 5  # letters that are looked at together
_SLIGHT = 0.05  # weights below this change nothing and cost memory
_STRETCH = 1.5  # how much meaning weighs; tried, as the weights below, on messages held out
# What stands before a quantity, behind it, in the whole message; and what it is itself.
_WEIGHTS = {"<": 1.0, ">": 1.0, "=": 0.5, "": 0.5}

Find = Callable[[str, str], list[Mention]]
"""Finds the quantities of a folded text in a language."""


class Context(NamedTuple):
    """A quantity and what stands around it."""

    mention: Mention
    signs: list[str]


class _Signs:
    """Signs as numbers: each group of them of one length, however many there are."""

    def __init__(self, words: CountVectorizer) -> None:
        self._words = words
        names = words.get_feature_names_out()
        self._group = np.array(
            [next(i for i, group in enumerate(_WEIGHTS) if n.startswith(group)) for n in names]
        )

    @classmethod
    def learn(cls, signs: Sequence[list[str]]) -> tuple[_Signs, csr_matrix]:
        """The signs that stand in two examples at least, and the examples as rows."""
        words = CountVectorizer(analyzer=list, min_df=2, binary=True, dtype=np.float32)
        found = words.fit_transform(signs)
        learned = cls(words)
        return learned, learned._weighed(found)

    def rows(self, signs: Sequence[list[str]]) -> csr_matrix:
        return self._weighed(self._words.transform(signs))

    def _weighed(self, found: csr_matrix) -> csr_matrix:
        count = found.shape[0]
        row = np.repeat(np.arange(count), np.diff(found.indptr))
        cell = row * len(_WEIGHTS) + self._group[found.indices]
        many = np.bincount(cell, minlength=count * len(_WEIGHTS))
        weights = np.array(list(_WEIGHTS.values()), dtype=np.float32)
        found.data = weights[self._group[found.indices]] / np.sqrt(many[cell], dtype=np.float32)
        return found


class RoleModel:
    """Says of each quantity of a message which fact it is likely about."""

    def __init__(
        self, signs: _Signs, meaning: Meaning, facts: list[str], weights: tuple[csr_matrix, Vectors]
    ) -> None:
        self._signs, self._meaning, self._facts = signs, meaning, facts
        self._of_signs, self._of_meaning = weights

    @classmethod
    def fit(
        cls,
        base: KnowledgeBase,
        said: Sequence[Saying],
        messages: Sequence[Told],
        find: Find,
        embeddings: Embeddings,
    ) -> RoleModel:
        """Learn from quantities whose fact is known."""
        found: list[_Example] = []
        look_alikes: list[_Example] = []
        for saying in said:
            if saying.end == 0:
                continue  # no quantity
            for context in contexts(saying.text, saying.language, find):
                if not _overlap(context.mention, saying.start, saying.end):
                    continue
                if saying.value is None:
                    look_alikes.append(_Example(saying.text, context.signs, NO_FACT))
                elif base.facts[saying.fact].kind in FITS[context.mention.kind]:
                    found.append(_Example(saying.text, context.signs, saying.fact))
        for message in messages:
            for context in contexts(message.text, message.language, find):
                fact = _fact_of(context.mention, message, base)
                found.append(_Example(message.text, context.signs, fact))
        examples = found + look_alikes
        meaning = Meaning.of(embeddings, _STRETCH)
        signs, of_signs = _Signs.learn([example.signs for example in examples])
        of_meaning = meaning.rows([example.text for example in examples], embeddings)
        rows = hstack([of_signs, of_meaning], format="csr")
        facts = [example.fact for example in found]
        # What only seems to tell one fact may tell another; a first, rough model says which.
        rough = _learn(rows[: len(found)], facts, passes=3)
        facts += [_likeliest(rough, row) for row in rough.predict_proba(rows[len(found) :])]
        model = _learn(rows, facts, passes=12)
        letters, meanings = np.split(model.coef_.T.astype(np.float32), [of_signs.shape[1]])
        letters[np.abs(letters) < _SLIGHT] = 0
        names = [str(fact) for fact in model.classes_]
        return cls(signs, meaning, names, (csr_matrix(letters), meanings))

    def roles(
        self, found: Sequence[Context], embedding: Vectors | None = None
    ) -> list[dict[str, float]]:
        """For each quantity of a message: fact id (`NO_FACT` too) -> probability.

        `embedding` is the message's, of shape (dimensions,).
        """
        if not found:
            return []
        rows = self._signs.rows([context.signs for context in found])
        scores = (rows @ self._of_signs).toarray()
        if embedding is not None:
            scores += self._meaning.row(embedding) @ self._of_meaning
        return self._probabilities(scores)

    def _probabilities(self, scores: Vectors) -> list[dict[str, float]]:
        rows = 1 / (1 + np.exp(-scores))
        rows /= rows.sum(axis=1, keepdims=True)
        return [dict(zip(self._facts, map(float, row), strict=True)) for row in rows]


class _Example(NamedTuple):
    text: str
    signs: list[str]
    fact: str


def _learn(rows: csr_matrix, facts: Sequence[str], passes: int) -> LogisticRegression:
    model = LogisticRegression(
        C=30, solver="liblinear", dual=True, fit_intercept=False, tol=0.2, max_iter=passes
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # as near as matters
        return model.fit(rows, facts)


def _likeliest(model: LogisticRegression, row: Vectors) -> str:
    best = row.argmax()
    return str(model.classes_[best]) if row[best] >= 0.5 else NO_FACT


def contexts(text: str, language: str, find: Find) -> Iterator[Context]:
    """The quantities of a message, with places in the message as it was written."""
    folded = fold(text)
    found = find(folded.text, language)
    for context in around(folded.text, found):
        mention = context.mention
        place = mention._replace(start=folded.place(mention.start), end=folded.place(mention.end))
        yield context._replace(mention=place)


def around(text: str, mentions: list[Mention]) -> Iterator[Context]:
    """The quantities of a folded text, with what stands around each."""
    masked = mask(text, mentions)
    whole = _threes(masked)
    seen: Counter[str] = Counter()
    for place, mention in sorted(masked.marks.items()):
        seen[mention.kind] += 1
        before = masked.text[max(0, place - _REACH) : place].casefold()[::-1]
        after = masked.text[place + 1 : place + 1 + _REACH].casefold()
        signs = [*whole, *_pieces("<", before), *_pieces(">", after)]
        signs += [f"kind {mention.kind}", f"kind {mention.kind} {seen[mention.kind]}"]
        if mention.kind == "status":
            signs += [f"status {mention.value}", f"status {str(mention.value)[:3]}"]
        yield Context(mention, signs)


def _pieces(side: str, text: str) -> Iterator[str]:
    for start in range(len(text)):
        near = "!" if start <= _NEAR else ""
        for end in range(start + 1, min(start + _LONGEST, len(text)) + 1):
            yield f"{side}{near}{text[start:end]}"


def _threes(masked: Masked) -> list[str]:
    text = masked.text.casefold()
    return [f"={text[start : start + 3]}" for start in range(len(text) - 2)]


def _fact_of(mention: Mention, message: Told, base: KnowledgeBase) -> str:
    for fact, words in message.facts.items():
        if isinstance(words, str) and base.facts[fact].kind in FITS[mention.kind]:
            start = message.text.find(words)
            if _overlap(mention, start, start + len(words)):
                return fact
    return NO_FACT


def _overlap(mention: Mention, start: int, end: int) -> bool:
    return mention.start < end and mention.end > start
