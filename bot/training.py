"""Training: model and index are made anew where what they were made from has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.settings import Settings

ROOT = Path(__file__).parent.parent
NAME = "desk"
# Thread pools that spin against each other make a turn twenty times as slow.
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
# What every process of ours that computes is started with.
ENVIRONMENT = {
    **dict.fromkeys(THREADS, "1"),
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


class TrainingFailed(Exception):
    """Rasa could not train; the message holds the end of its log."""


def prepare(settings: Settings, console: Console, force: bool = False) -> bool:
    """Make model and index anew where they are stale; whether the model was (or `force`).

    TrainingFailed, or RecordError where a record of the base does not fit.
    """
    model = Made(model_file(settings), fingerprint(ingredients()))
    index = Made(settings.index_folder / "router.pickle", fingerprint(records()))
    if index.is_stale():
        os.environ.update(ENVIRONMENT)  # before numpy is imported
        from knowledge.base import KnowledgeBase

        KnowledgeBase.load()  # a record that does not fit is told before minutes are spent
    with ThreadPoolExecutor(1) as beside:  # each keeps a core busy
        reading = beside.submit(build_index, settings) if index.is_stale() else None
        trained = force or model.is_stale()
        if trained:
            model.forget()
            train(settings, console, force)
            model.remember()
        if reading:
            with telling(console, "Reading the records and their examples (a minute) ..."):
                reading.result()
            index.remember()
    return trained


def train(settings: Settings, console: Console, force: bool = False) -> None:
    """Have Rasa train the model; TrainingFailed."""
    model = model_file(settings)
    log = settings.folder / "log" / "train.log"
    for folder in (model.parent, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "nlu.without_tensorflow", "train", "--fixed-model-name", NAME),
        *("--config", str(ROOT / "config.yml"), "--domain", str(ROOT / "domain.yml")),
        *("--data", str(ROOT / "nlu" / "data" / "acts"), str(ROOT / "nlu" / "data" / "rules.yml")),
        *("--out", str(model.parent)),
        "--skip-validation",  # eight seconds; tests/nlu/test_training_data.py looks at the same
        *(["--force"] if force else []),
    ]
    began = time.monotonic()
    with (
        log.open("wb") as file,
        telling(console, "Training the language model (some minutes) ..."),
    ):
        training = subprocess.run(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT, "INDEX_FOLDER": str(settings.index_folder)},
        )
    if training.returncode or not model.exists():
        raise TrainingFailed(f"Training failed. The end of {log}:\n{_end_of(log)}")
    console.print(f"The language model is trained ({time.monotonic() - began:.0f} s).")


def build_index(settings: Settings) -> None:
    """Embed the records and their examples where they have changed; new ones take milliseconds."""
    from knowledge.base import KnowledgeBase
    from knowledge.encoder import load_encoder
    from knowledge.search import Search

    Search.of(KnowledgeBase.load(), load_encoder(), settings.index_folder)


@contextmanager
def telling(console: Console, what: str) -> Iterator[None]:
    """Say what takes so long; on a terminal with the seconds that have passed."""
    if not console.is_terminal:
        console.print(what)
        yield
        return
    with Progress(SpinnerColumn(), TextColumn(what), TimeElapsedColumn(), console=console) as shown:
        shown.add_task("")
        yield


class Made(NamedTuple):
    """A file that was made from others, and the hash of these, which is kept beside it."""

    file: Path
    wanted: str

    def is_stale(self) -> bool:
        return not (self.file.exists() and self._stamp.exists()) or (
            self._stamp.read_text() != self.wanted
        )

    def forget(self) -> None:
        self._stamp.unlink(missing_ok=True)

    def remember(self) -> None:
        self._stamp.write_text(self.wanted)

    @property
    def _stamp(self) -> Path:
        return self.file.with_name(f"{self.file.name.partition('.')[0]}.hash")


def model_file(settings: Settings) -> Path:
    return settings.folder / "models" / f"{NAME}.tar.gz"


def fingerprint(made_from: Iterable[Path]) -> str:
    """A hash of files, and of the Rasa that reads them."""
    found = hashlib.sha256(version("rasa").encode())
    for path in made_from:
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def ingredients() -> Iterator[Path]:
    """The files whose change makes the model stale.  Records and their examples are not among
    them: they go into the index, so that a new service needs no training."""
    yield ROOT / "config.yml"
    yield ROOT / "domain.yml"
    yield ROOT / "knowledge" / "encoder.py"
    yield from _files(ROOT / "knowledge" / "e5")
    yield from _files(ROOT / "nlu")


def records() -> Iterator[Path]:
    """The files whose change makes the index stale."""
    return (path for path in _files(ROOT / "knowledge") if path.suffix in (".py", ".yml"))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _end_of(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
