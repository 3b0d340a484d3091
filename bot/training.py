"""Training: the language model is made anew where what it was made from has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

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


def train(settings: Settings, console: Console, force: bool = False) -> bool:
    """Train where the model is stale (or `force`); whether anything was trained."""
    model, stamp = model_file(settings), model_file(settings).with_name(f"{NAME}.hash")
    wanted = fingerprint()
    if not force and model.exists() and stamp.exists() and stamp.read_text() == wanted:
        return False
    log = settings.folder / "log" / "train.log"
    for folder in (model.parent, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "rasa", "train", "--fixed-model-name", NAME),
        *("--config", str(ROOT / "config.yml"), "--domain", str(ROOT / "domain.yml")),
        *("--data", str(ROOT / "nlu" / "data" / "acts"), str(ROOT / "nlu" / "data" / "rules.yml")),
        *("--out", str(model.parent)),
        *(["--force"] if force else []),
    ]
    said = "Training the language model (one to two minutes) ..."
    began = time.monotonic()
    with log.open("wb") as file, console.status(said) as status:
        if not console.is_terminal:
            console.print(said)
        training = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}
        )
        while training.poll() is None:
            status.update(f"{said} {time.monotonic() - began:.0f} s")
            time.sleep(0.2)
    if training.returncode or not model.exists():
        raise TrainingFailed(f"Training failed. The end of {log}:\n{_end_of(log)}")
    stamp.write_text(wanted)
    console.print(f"The language model is trained ({time.monotonic() - began:.0f} s).")
    return True


def build_index(settings: Settings, console: Console) -> None:
    """Embed the records and their examples where they have changed; new ones take milliseconds."""
    os.environ.update(ENVIRONMENT)  # before numpy is imported
    from knowledge.base import KnowledgeBase
    from knowledge.encoder import load_encoder
    from knowledge.search import Search

    said = "Reading the records and their examples (a minute the first time) ..."
    with console.status(said):
        if not console.is_terminal and not settings.index_folder.exists():
            console.print(said)
        Search.of(KnowledgeBase.load(), load_encoder(), settings.index_folder)


def model_file(settings: Settings) -> Path:
    return settings.folder / "models" / f"{NAME}.tar.gz"


def fingerprint() -> str:
    """A hash of everything the model is made from."""
    made_from = hashlib.sha256(version("rasa").encode())
    for path in ingredients():
        made_from.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return made_from.hexdigest()


def ingredients() -> Iterator[Path]:
    """The files whose change makes the model stale.  Records and their examples are not among
    them: they go into the index, so that a new service needs no training."""
    yield ROOT / "config.yml"
    yield ROOT / "domain.yml"
    yield ROOT / "knowledge" / "encoder.py"
    for path in sorted((ROOT / "nlu").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _end_of(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
