"""Search as an organisation's documents grow: 1,000 to 1,000,000 passages.

    python -m tests.bench.growth [--sizes 1000,10000] [--folder KEPT]

Passages and their embeddings are made up for the purpose, since embedding a
million takes a day.  An embedding is a real one (of a statement of the base),
moved along the difference of two others, with some noise: about as clustered
as the real ones, and rather harder (see `made_up_embeddings`).  Texts are
sentences of our examples in 14 languages with rare words in between.  Queries
are real messages with their real embeddings.

Timed is the whole hybrid query after its embedding: statements of the base,
passages by meaning and by words, read from SQL, calibrated and ranked; `fresh`
is that of the first messages after a start, while files are read into memory.
Each size is built in one process and asked in another, whose memory is told.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from knowledge import nearest
from knowledge.base import KnowledgeBase
from knowledge.cutting import Passage
from knowledge.encoder import DEFAULT, Vectors, load_encoder
from knowledge.passages import FILE, Embedded, Passages
from knowledge.router import embed_kept, load_router, read_examples
from knowledge.search import CANDIDATES, Index, Search

SIZES = (1_000, 10_000, 20_000, 50_000, 100_000, 1_000_000)
QUERIES = 200
WARMING = 600  # messages asked before, since a desk that runs has most pages in memory
TOP = 10
_OF_A_DOCUMENT = 1_000  # passages
_MOST_COMPARED = 100_000  # passages up to which exact search is timed, too


def main() -> None:
    """Build and ask each size, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--folder", type=Path, help="keep what is built here, and use it again")
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ask", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.build:
        print(json.dumps(build(wanted.folder, wanted.build)))
    elif wanted.ask:
        print(json.dumps(ask(wanted.folder, wanted.ask)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = [
                measure(wanted.folder or Path(folder), int(size))
                for size in wanted.sizes.split(",")
            ]
        show(rows)


def measure(parent: Path, size: int) -> dict[str, Any]:
    """The figures of one size."""
    folder = parent / str(size)
    figures = folder / "build.json"
    if not figures.exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"building {size:,} passages ...", file=sys.stderr)
        built = _in_a_process("--build", size, folder)
        figures.write_text(json.dumps(built))
    return json.loads(figures.read_text()) | _in_a_process("--ask", size, folder)


def build(folder: Path, size: int) -> dict[str, Any]:
    """Store `size` passages; seconds, and the most memory it took."""
    making = 0.0

    def timed() -> Iterator[Embedded]:
        nonlocal making
        documents = made_up_documents(size)
        while True:
            began = time.perf_counter()
            document = next(documents, None)
            making += time.perf_counter() - began
            if document is None:
                return
            yield document

    began = time.perf_counter()
    Passages(folder, DEFAULT).add(timed(), date.today())
    whole = time.perf_counter() - began - making
    return {
        "passages": size,
        "build s": whole,
        "build MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "disk MB": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6,
    }


def ask(folder: Path, size: int) -> dict[str, Any]:
    """Milliseconds of a query and its parts, memory, and recall."""
    kept, encoder = Settings.load().index_folder, load_encoder()
    router = load_router(encoder, kept)
    index = Index.of(KnowledgeBase.load(), encoder, kept, router.centre)
    texts, embeddings = queries()
    before = _resident()
    search = Search(router, index, Passages(folder, DEFAULT))
    search.find(texts[0], embeddings[0])
    opened = search.passages._opened[1]
    assert opened is not None
    times = [
        _milliseconds(lambda t=t, e=e: search.find(t, e))
        for t, e in zip(texts, embeddings, strict=True)
    ]
    fresh, whole = times[:QUERIES], times[WARMING:]
    asked = list(zip(texts, embeddings - router.centre, strict=True))[WARMING:]
    memory = _resident() - before
    figures = {
        "fresh p50": np.percentile(fresh, 50),
        "p50 ms": np.percentile(whole, 50),
        "p95 ms": np.percentile(whole, 95),
        "passages ms": np.median(
            [
                _milliseconds(lambda t=t, e=e: search.passages.search(t, e, CANDIDATES))
                for t, e in asked
            ]
        ),
        "meaning ms": np.median(
            [_milliseconds(lambda e=e: opened.nearest.search(e, CANDIDATES)) for _, e in asked]
        ),
        "words ms": np.median(
            [_milliseconds(lambda t=t: opened.words.search(t, CANDIDATES)) for t, _ in asked]
        ),
        "memory MB": memory,
    }
    found = []
    truth = exact_answers(folder, np.array([e for _, e in asked]))
    for (text, embedding), right in zip(asked, truth, strict=True):
        best = sorted(search.passages.search(text, embedding, CANDIDATES), key=lambda f: -f.meaning)
        found.append(len({(f.document, f.number) for f in best[:TOP]} & right) / len(right))
    figures["recall@10"] = np.mean(found)
    if size <= _MOST_COMPARED:
        figures["exact ms"] = _other_way(size, [e for _, e in asked], exact=True)
        figures["cells ms"] = _other_way(size, [e for _, e in asked], exact=False)
    return {name: float(figure) for name, figure in figures.items()}


def show(rows: list[dict[str, Any]]) -> None:
    """One table of all sizes."""
    table = Table(title=f"Search among passages (exact up to {nearest.EXACT:,})")
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(_figure(name, row.get(name)) for name in rows[0]))
    Console(width=170).print(table)


def queries() -> tuple[list[str], Vectors]:
    """Messages of all languages and their embeddings, first those for warming."""
    texts = [example.text for example in read_examples()]
    texts = random.Random(0).sample(texts, WARMING + QUERIES)
    return texts, embed_kept(texts, load_encoder(), Settings.load().index_folder)


def made_up_documents(size: int) -> Iterator[Embedded]:
    """Documents of 1,000 passages, named by their number."""
    texts = made_up_texts()
    for number, embeddings in enumerate(made_up_embeddings(size)):
        passages = [Passage(next(texts), (f"Part {number % 7}",), None) for _ in embeddings]
        yield Embedded(str(number), f"Handbook {number}", None, passages, embeddings)


def made_up_embeddings(size: int) -> Iterator[Vectors]:
    """`size` unit vectors, a thousand at a time.

    Of 1,300 statements the nearest other has a cosine of .97 in the median and
    the 20th .94, in 8 local dimensions; of 1,300 made up like this .94 and
    .89, in 14; of 100,000 .96 and .95, in 34.  The higher, the harder to index.
    """
    real = np.load(Settings.load().index_folder / "statements.npz")["embeddings"]
    rng = np.random.default_rng(0)
    for begin in range(0, size, _OF_A_DOCUMENT):
        n = min(_OF_A_DOCUMENT, size - begin)
        near, plus, minus = (real[rng.integers(len(real), size=n)] for _ in range(3))
        moved = near + 0.5 * rng.random((n, 1)) * (plus - minus)
        moved += rng.normal(0, 0.01, moved.shape)
        yield (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def made_up_texts() -> Iterator[str]:
    """Passages of about 640 letters, each in one of 14 languages, without end."""
    rng = random.Random(0)
    by_language: dict[str, list[str]] = {}
    for example in read_examples():
        by_language.setdefault(example.language, []).append(example.text)
    languages = sorted(by_language)
    syllables = [a + b for a in "bdfghjklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "ol")]
    rare = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(200_000)]
    while True:
        sentences, parts, size = by_language[rng.choice(languages)], [], 0
        while size < 600:
            # The first of the rare words are not so rare, as with real ones.
            parts += [rng.choice(sentences), rare[int(len(rare) * rng.random() ** 3)]]
            size += len(parts[-2]) + len(parts[-1])
        yield " ".join(parts)


def exact_answers(folder: Path, asked: Vectors) -> list[set[tuple[str, int]]]:
    """For each query the ten nearest of all stored passages: document and number in it."""
    best = np.full((len(asked), TOP), -np.inf, dtype=np.float32)
    places = np.zeros((len(asked), TOP), dtype=np.int64)
    names: list[tuple[str, int]] = []
    with sqlite3.connect(folder / FILE) as db:
        rows = db.execute("SELECT document, number, embedding FROM passages")
        while batch := rows.fetchmany(_OF_A_DOCUMENT):
            stored = b"".join(embedding for _, _, embedding in batch)
            vectors = np.frombuffer(stored, np.float16).reshape(len(batch), -1)
            scores = np.hstack([best, asked @ vectors.astype(np.float32).T])
            here = np.broadcast_to(np.arange(len(batch)) + len(names), (len(asked), len(batch)))
            order = np.argsort(-scores, axis=1)[:, :TOP]
            best = np.take_along_axis(scores, order, axis=1)
            places = np.take_along_axis(np.hstack([places, here]), order, axis=1)
            names += [(document, number) for document, number, _ in batch]
    return [{names[place] for place in row} for row in places]


def _other_way(size: int, asked: list[Vectors], exact: bool) -> float:
    """Milliseconds of one search by meaning, all compared or by cells, whatever the size."""

    def batches() -> Iterator[tuple[nearest.Ids, Vectors]]:
        for number, embeddings in enumerate(made_up_embeddings(size)):
            yield np.arange(len(embeddings)) + number * _OF_A_DOCUMENT, embeddings

    if exact:
        way: nearest.Exact | nearest.Approximate = nearest.Exact(batches())
    else:
        with tempfile.TemporaryDirectory() as folder:
            nearest.write_vectors(Path(folder) / "vectors", size, batches)
            way = nearest.Approximate(Path(folder) / "vectors")
    return float(np.median([_milliseconds(lambda e=e: way.search(e, CANDIDATES)) for e in asked]))


def _in_a_process(does: str, size: int, folder: Path) -> Any:
    command = [sys.executable, "-m", "tests.bench.growth", does, str(size), "--folder", str(folder)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _resident() -> float:
    """The memory of this process in MB, file pages that it shares with others included."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _figure(name: str, figure: float | None) -> str:
    if figure is None:
        return "–"
    if name == "recall@10":
        return f"{figure:.3f}"
    return f"{figure:.2f}" if name.endswith(("ms", "p50")) else f"{figure:,.0f}"


if __name__ == "__main__":
    main()
