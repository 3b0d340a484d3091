"""Search against its halves, and whether its scores mean what they say.

    python -m tests.bench.retrieval [--facts questions.jsonl]

Asked are the evaluation messages (`evaluation/messages.jsonl`), which nothing was trained or
fitted on.  A service counts as found where a statement of it, or of one that a
counsellor would accept as well, is among the first; `--facts` names questions with
`expect.facts`, of which the share that the first ten statements carry is told.
No public set of questions and the rules that answer them is on the package registries.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import bm25s
import numpy as np
from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from knowledge.base import KnowledgeBase
from knowledge.calibration import load_calibration
from knowledge.encoder import Vectors, load_encoder
from knowledge.search import Search, Statement
from knowledge.words import terms_of
from tests.bench.calibration import score

EVALUATION = Path(__file__).parents[2] / "evaluation" / "messages.jsonl"
TOP = 10
BINS = 10
Scores = Callable[[str, Vectors], Vectors]  # of all statements for a message


class Question(NamedTuple):
    text: str
    embedding: Vectors
    right: set[str]  # services


def main() -> None:
    """Print one table for search, and one for each curve."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--facts", type=Path, help="questions with `expect.facts`")
    wanted = parser.parse_args()
    base, encoder = KnowledgeBase.load(), load_encoder()
    search = Search.of(base, encoder, Settings.load().index_folder)
    asked = [line for line in _lines(EVALUATION) if line["asked"] is None]
    embeddings = encoder.encode([line["text"] for line in asked])
    questions = [
        Question(line["text"], embedding, {line["service"], *line["also"]} - {None})
        for line, embedding in zip(asked, embeddings, strict=True)
    ]
    ours = [question for question in questions if question.right & base.services.keys()]
    ways = _ways(search)
    table = Table(title=f"{len(ours)} messages about {len(base.services)} services")
    for name in ("", "service@1", "service@3", f"fact recall@{TOP}"):
        table.add_column(name, justify="right")
    for name, way in ways.items():
        found = [_services(search.index.statements, way(q.text, q.embedding)) for q in ours]
        at = [
            np.mean(
                [bool(q.right & set(services[:k])) for q, services in zip(ours, found, strict=True)]
            )
            for k in (1, 3)
        ]
        facts = _fact_recall(search.index.statements, way, wanted.facts) if wanted.facts else None
        table.add_row(name, *(f"{share:.3f}" for share in at), f"{facts:.3f}" if facts else "–")
    Console().print(table)
    for curve in ("answer", "statement", "passage"):
        _show_reliability(search, curve, questions)


def _ways(search: Search) -> dict[str, Scores]:
    """How statements can be scored for a message."""
    statements = search.index.statements
    bm25 = bm25s.BM25()
    bm25.index([list(terms_of(s.text)) for s in statements], show_progress=False)
    return {
        "BM25": lambda text, _: bm25.get_scores(list(terms_of(text))),
        "encoder alone": lambda _, embedding: search.index.embeddings @ embedding,
        "ours, service unknown": search.index.scores,
        "ours": lambda text, embedding: search.index.scores(
            text, embedding, dict(search.router.rank(text, embedding))
        ),
    }


def _services(statements: Sequence[Statement], scores: Vectors) -> list[str]:
    """The services of the best statements, each once."""
    return list(dict.fromkeys(statements[i].service.id for i in np.argsort(-scores)))


def _fact_recall(statements: Sequence[Statement], way: Scores, path: Path) -> float:
    carried = [set(statement.item.carries) for statement in statements]
    recalls = []
    for line in _lines(path):
        expected = set(line["expect"]["facts"]) & set().union(*carried)
        if expected:
            scores = way(line["text"], load_encoder().encode([line["text"]])[0])
            first = set().union(*(carried[i] for i in np.argsort(-scores)[:TOP]))
            recalls.append(len(expected & first) / len(expected))
    return float(np.mean(recalls))


def _show_reliability(search: Search, name: str, questions: list[Question]) -> None:
    """What was said beside what came true, for a curve."""
    curve = getattr(load_calibration(), name)
    said, true = [], []
    for question in questions:
        arguments = (search.router, search.index, question.text, question.embedding)
        for scored, raw, right in score(*arguments, question.right):
            if scored == name:
                said.append(curve(raw))
                true.append(right)
    confidences, came_true = np.array(said), np.array(true)
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    table = Table(title=f"confidence of: {name}", caption=None)
    for column in ("said", "number", "mean said", "came true", ""):
        table.add_column(column, justify="left" if not column else "right")
    error = 0.0
    for number in range(BINS):
        here = bins == number
        if not here.any():
            continue
        mean, share = confidences[here].mean(), came_true[here].mean()
        error += here.mean() * abs(mean - share)
        line = ["·"] * 21
        line[round(mean * 20)], line[round(share * 20)] = "|", "●"
        span = f"{number / BINS:.1f} – {(number + 1) / BINS:.1f}"
        table.add_row(span, str(here.sum()), f"{mean:.2f}", f"{share:.2f}", "".join(line))
    table.caption = f"| said, ● came true; expected calibration error {error:.3f}"
    Console(width=100).print(table)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
