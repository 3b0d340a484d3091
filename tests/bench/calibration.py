"""Fit the curves of `knowledge/base/calibration.yml`, which make a score mean what it says.

    python -m tests.bench.calibration

Five-fold over the router's examples, what is not ours among them: each message
is routed and searched by a router that has seen neither it nor those most like
it, as people will ask what nobody thought of.  Never on the evaluation file,
which only tests the curves (`python -m tests.bench.retrieval`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import yaml
from sklearn.cluster import KMeans
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GroupKFold

from bot.settings import Settings
from knowledge.base import BASE, NOT_OURS, KnowledgeBase
from knowledge.encoder import Vectors, load_encoder
from knowledge.router import Example, Router, embed_kept, read_examples
from knowledge.search import Index

FOLDS = 5
HITS = 10  # of a query, as many as are shown
ALIKE = 3  # examples in a group that is held out together, about
CORNERS = 12  # of a curve, at most
Scored = tuple[str, float, bool]  # curve, score, whether the right service was found


def main() -> None:
    """Fit, and write the file."""
    folder, encoder = Settings.load().index_folder, load_encoder()
    examples = list(read_examples())
    embeddings = embed_kept([example.text for example in examples], encoder, folder)
    groups = _alike(examples, embeddings)
    base, scored = KnowledgeBase.load(), list[Scored]()
    for seen, held in GroupKFold(FOLDS).split(examples, groups=groups):
        router = Router.fit([examples[i] for i in seen], embeddings[seen])
        index = Index.of(base, encoder, folder, router.centre)
        for i in held:
            scored += score(router, index, examples[i].text, embeddings[i], {examples[i].service})
    made = (
        f"python -m tests.bench.calibration, {date.today()}: {FOLDS}-fold over {len(examples):,} "
        f"examples, encoder {encoder.name}; about {ALIKE} alike held out together; isotonic"
    )
    curves = {name: _curve(scored, name) for name in ("answer", "statement", "passage")}
    text = yaml.safe_dump(
        {"made": made, **curves}, sort_keys=False, width=100, default_flow_style=None
    )
    (BASE / "calibration.yml").write_text(text, encoding="utf-8")
    print(text)


def score(
    router: Router, index: Index, text: str, embedding: Vectors, right: set[str]
) -> Iterator[Scored]:
    """What the desk would say to a message, scored by every curve's own score."""
    ranked = router.rank(text, embedding)
    first, likely = ranked[0]
    if first not in NOT_OURS:
        yield "answer", likely, first in right
    for name, services in (("statement", dict(ranked)), ("passage", None)):
        scores = index.scores(text, embedding, services)
        for i in np.argsort(-scores)[:HITS]:
            yield name, float(scores[i]), index.statements[i].service.id in right


def _alike(examples: list[Example], embeddings: Vectors) -> list[str]:
    """A name of its group for each example: those of its service that are most like it."""
    names = [""] * len(examples)
    for service in {example.service for example in examples}:
        here = [i for i, example in enumerate(examples) if example.service == service]
        count = max(FOLDS, len(here) // ALIKE)
        groups = KMeans(count, n_init=1, random_state=0).fit_predict(embeddings[here])
        for i, group in zip(here, groups, strict=True):
            names[i] = f"{service} {group}"
    return names


def _curve(scored: list[Scored], name: str) -> dict[str, Any]:
    """The rising line nearest to what came true, through equally filled bins."""
    pairs = sorted((s, r) for curve, s, r in scored if curve == name)
    bins = np.array_split(np.array(pairs, dtype=float), CORNERS)
    scores, shares = [b[:, 0].mean() for b in bins], [b[:, 1].mean() for b in bins]
    rising = IsotonicRegression().fit_transform(scores, shares)
    return {
        "corners": [
            [round(float(score), 4), round(float(share), 3)]
            for score, share in zip(scores, rising, strict=True)
        ]
    }


if __name__ == "__main__":
    main()
