"""Which service a message is about.

A message is held against the examples in `base/examples/<service>.yml`:
messages by which people mean that service, in any language.  What is not for
this desk (`knowledge.base.NOT_OURS`) has examples of its own and is ranked
like a service.  Sentence embeddings say what is meant, character n-grams catch
codes, names and spelling; one logistic regression weighs both.  Fitting takes
seconds, and embeddings of examples already seen are kept, so adding a service
is adding its record and its examples.
"""

from __future__ import annotations

import hashlib
import pickle
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import NamedTuple

import numpy as np
import regex
import yaml
from scipy.sparse import hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from knowledge.base import BASE
from knowledge.encoder import Encoder, Vectors, save
from knowledge.letters import LetterRuns

_SPELLING = np.float32(2.5)
"""How much letters weigh beside meaning; tried on examples held out from the others."""
_AXES = 128
"""Of an embedding's 384 numbers those along which messages differ most."""
_SENTENCE_END = regex.compile(
    r"(?<=[.?!;…])\s+ | (?<=[\p{Sentence_Break=STerm}--[.?!]])\s* | \n",
    regex.VERSION1 | regex.VERBOSE,
)
_SENTENCES, _SHORTEST = 8, 4  # looked at by themselves: the longest, from so many letters
_OF_SENTENCES = 0.5  # how much they weigh beside the whole message


class Example(NamedTuple):
    """A message by which somebody meant `service`."""

    service: str
    language: str
    text: str


class Router:
    """Ranks services for a message."""

    def __init__(
        self,
        words: LetterRuns,
        centre: Vectors,
        services: list[str],
        weights: tuple[Vectors, Vectors, Vectors],
    ) -> None:
        """`weights`: of shapes (runs of letters, services), (dimensions, services), (services,)."""
        self._words, self._centre, self._services = words, centre, services
        of_words, self._of_meaning, self._bias = weights
        self._of_words = of_words * _SPELLING

    def rank(self, text: str, embedding: Vectors) -> list[tuple[str, float]]:
        """(service id, probability), the likeliest first.  `embedding`: (dimensions,), query."""
        # What predict_proba would give, without building one wide sparse row for every message.
        found = self._words.vectors([text.casefold()])
        logits = found.data @ self._of_words[found.indices] + self._bias
        logits = logits + _stretched(embedding, self._centre) @ self._of_meaning
        scores = np.exp(logits - logits.max())
        scores /= scores.sum()
        return [(self._services[i], float(scores[i])) for i in np.argsort(scores)[::-1]]

    def rank_message(self, text: str, encoder: Encoder) -> list[tuple[str, float]]:
        """Like `rank`, but with an ear for the one sentence among others that tells the matter.

        "I am registered" draws a whole message to the services whose examples say so most
        often; "I moved and want to report it" beside it is not drawn.
        """
        sentences = [part for part in _SENTENCE_END.split(text) if _letters(part) >= _SHORTEST]
        whole = self.rank(text, encoder.encode([text])[0])
        if len(sentences) < 2:
            return whole
        sentences = sorted(sentences, key=len)[-_SENTENCES:]
        each = [dict(self.rank(part, encoder.encode([part])[0])) for part in sentences]
        scores = [
            (service, score * max(one[service] for one in each) ** _OF_SENTENCES)
            for service, score in whole
        ]
        total = sum(score for _, score in scores)
        return sorted(
            [(service, score / total) for service, score in scores],
            key=lambda one: one[1],
            reverse=True,
        )

    @property
    def centre(self) -> Vectors:
        """The mean embedding of messages, of shape (dimensions,)."""
        return self._centre

    @classmethod
    def fit(cls, examples: Sequence[Example], embeddings: Vectors) -> Router:
        """A router from examples and their embeddings, row by row."""
        texts = [example.text.casefold() for example in examples]
        words, lexical = LetterRuns.fit(texts, 1, 4, fewest=3)
        centre = embeddings.mean(axis=0)
        # Fewer numbers to learn from take half the time, and tell services as well apart.
        _, axes = np.linalg.eigh(np.cov(embeddings, rowvar=False))  # the longest come last
        axes = axes[:, -_AXES:].astype(np.float32)
        meaning = _stretched(embeddings, centre) @ axes
        features = hstack([lexical * _SPELLING, meaning]).tocsr()
        # Thirty passes bring it as near to its end as matters, in a third of lbfgs's time.
        model = LogisticRegression(
            C=10.0, solver="sag", max_iter=30, class_weight="balanced", random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features, [example.service for example in examples])
        of_words, of_axes = np.split(model.coef_.T.astype(np.float32), [len(words)])
        services = [str(service) for service in model.classes_]
        return cls(words, centre, services, (of_words, axes @ of_axes, model.intercept_))


def load_router(encoder: Encoder, folder: Path) -> Router:
    """The router kept in `folder`, fitted anew where examples or encoder have changed."""
    examples = list(read_examples())
    code = [Path(__file__).with_name(name).read_bytes() for name in ("router.py", "letters.py")]
    wanted = hashlib.sha256(repr((encoder.name, examples, code)).encode()).hexdigest()
    kept = folder / "router.pickle"
    if kept.exists():
        stamp, _, pickled = kept.read_bytes().partition(b"\n")
        if stamp == wanted.encode():
            # Written by this very code into the desk's own folder; nothing else is ever unpickled.
            router: Router = pickle.loads(pickled)
            return router
    router = Router.fit(examples, embed_kept([e.text for e in examples], encoder, folder))
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(wanted.encode() + b"\n" + pickle.dumps(router))
    return router


def read_examples(folder: Path = BASE / "examples") -> Iterator[Example]:
    """The examples of every service, file by file; Vietnamese ones also without accents."""
    for path in sorted(folder.glob("*.yml")):
        for language, texts in yaml.load(path.read_bytes(), yaml.CSafeLoader).items():
            for text in texts:
                yield Example(path.stem, language, text)
                if language == "vi" and (hasty := _without_marks(text)) != text:
                    yield Example(path.stem, language, hasty)


def embed_kept(texts: Sequence[str], encoder: Encoder, folder: Path) -> Vectors:
    """Query embeddings of `texts`, computed once for each text and kept in `folder`.

    Model and index are made at once and share many: who comes second waits for the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "embeddings.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        return _embed_kept(texts, encoder, folder / "embeddings.npz")


def _embed_kept(texts: Sequence[str], encoder: Encoder, path: Path) -> Vectors:
    kept: dict[str, Vectors] = {}
    if path.exists():
        with np.load(path) as stored:
            if str(stored["encoder"]) == encoder.name:
                kept = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    new = list(dict.fromkeys(text for text in texts if text not in kept))
    if new:
        kept |= dict(zip(new, encoder.encode(new, "query"), strict=True))
        save(
            path,
            encoder=encoder.name,
            texts=np.array(list(kept)),
            vectors=np.array([*kept.values()]),
        )
    return np.array([kept[text] for text in texts], dtype=np.float32)


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _stretched(embeddings: Vectors, centre: Vectors) -> Vectors:
    """e5's cosines crowd between .7 and 1: centred and longer, the vectors tell apart."""
    return (embeddings - centre) * 5


def _without_marks(text: str) -> str:
    """A Vietnamese text as it is typed in haste: without accents."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
