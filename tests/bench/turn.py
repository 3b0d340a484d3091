"""One turn of the desk beside one turn of a plain `rasa init` bot, in the same run.

Both run with their math threads pinned.  A turn of ours goes through gateway,
Rasa, action server and knowledge and is stored in SQL; the plain bot answers
from its own process with Rasa's default pipeline and policies.  The two are
asked in turn, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.desk import Desk, free_port
from tests.stories.player import Api, Person

ROUNDS = 25
_PINNED = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    )
} | {"RASA_TELEMETRY_ENABLED": "false"}
# A conversation as people hold it: an opening of their own, then answers that many give alike.
# {n} makes a message one that was never seen before, so that nothing about it is remembered.
OURS = [
    "I am {n} years old and have an F-6 visa. Can I get permanent residence?",
    "We are married and live together",
    "3 years",
    "why do you ask?",
]
PLAIN = [
    "hello, I am {n} years old, can we talk?",
    "I am feeling very sad today",
    "yes",
    "are you a bot?",
]


def main() -> None:
    """Print p50 and p95 of a turn of each, their ratio, and that of never-seen messages alone."""
    with tempfile.TemporaryDirectory() as folder:
        plain = PlainBot(Path(folder))
        try:
            with Desk(Path(folder) / "desk") as desk:
                ours, theirs = [], []
                api = Api(desk.url)
                for number in range(ROUNDS):
                    person = Person(api)
                    for mine, other in zip(OURS, PLAIN, strict=True):
                        ours.append(_milliseconds(person.say, mine.format(n=number + 2)))
                        theirs.append(
                            _milliseconds(plain.say, f"p{number}", other.format(n=number + 2))
                        )
        finally:
            plain.stop()
    print(f"turns {len(ours)} each, milliseconds    p50      p95")
    for name, times in (("the desk", ours), ("rasa init", theirs)):
        print(f"  {name:32s} {_percentile(times, 50):6.1f}   {_percentile(times, 95):6.1f}")
    for share in (50, 95):
        ratio = _percentile(ours, share) / _percentile(theirs, share)
        print(f"  ratio at p{share}: {ratio:.2f}")
    ratio = _percentile(ours[::4], 50) / _percentile(theirs[::4], 50)
    print(f"  ratio at p50 of openings never seen before: {ratio:.2f}")


class PlainBot:
    """`rasa init`, trained and served as it comes."""

    def __init__(self, folder: Path) -> None:
        rasa = str(Path(sys.executable).with_name("rasa"))
        environment = os.environ | _PINNED
        project = folder / "plain"
        project.mkdir()
        print("training a plain rasa init bot ...", flush=True)
        with (folder / "plain.log").open("wb") as log:
            subprocess.run(
                [rasa, "init", "--no-prompt", "--init-dir", str(project)],
                env=environment,
                stdout=log,
                stderr=log,
                check=True,
            )
            port = free_port()
            self._process = subprocess.Popen(
                [rasa, "run", "-i", "127.0.0.1", "-p", str(port)],
                cwd=project,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self._url = f"http://127.0.0.1:{port}"
        self._wait()

    def say(self, sender: str, text: str) -> Any:
        body = json.dumps({"sender": sender, "message": text}).encode()
        request = urllib.request.Request(
            f"{self._url}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def _wait(self) -> None:
        for _ in range(300):
            try:
                self.say("warm", "hello")
                return
            except OSError:
                time.sleep(1)
        raise RuntimeError("the plain bot did not start")


def _milliseconds(call: Callable[..., object], *arguments: str) -> float:
    start = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - start) * 1000


def _percentile(times: list[float], share: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[share - 1]


if __name__ == "__main__":
    main()
