"""The desk under load, written to by locust: many windows open, some writing, then too many."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench.outcomes import ANSWERED, TOLD_TO_WAIT, TURNED_AWAY
from tests.bench.report import Figure, show
from tests.bench.turn import megabytes
from tests.desk import Desk
from tests.servers import Postgres, Redis

SECONDS = 600
OPEN, WRITING = 200, 20
TOO_MANY = 600
PLENTY = {"MESSAGES_PER_MINUTE": "100000", "REQUESTS_PER_MINUTE": "1000000"}


def main(seconds: float = SECONDS) -> None:
    """An ordinary day, then a day on which everybody writes at once."""
    with tempfile.TemporaryDirectory() as folder, Desk(Path(folder) / "desk", **PLENTY) as desk:
        memory = Memory(desk)
        with memory:
            day = locust(desk.url, seconds, WRITING, OPEN)
        crowd = locust(desk.url, min(seconds, 60), TOO_MANY, TOO_MANY)
        began = time.monotonic()
        desk.wait_until_ready()
        recovered = time.monotonic() - began
    answered = day[ANSWERED]
    show(
        f"{OPEN} conversations open, {WRITING} writing at once, {seconds:g} s",
        "at first",
        [
            Figure("answered", answered["num_requests"]),
            Figure("turns a second", answered["num_requests"] / seconds),
            Figure("turn p50", _percentile(answered, 0.5), unit="ms"),
            Figure("turn p95", _percentile(answered, 0.95), unit="ms"),
            Figure("told to wait", day[TOLD_TO_WAIT]["num_requests"]),
            Figure("errors", sum(entry["num_failures"] for entry in day.values())),
            Figure("memory at the end", memory.last, memory.first, most=1.1, unit="MB"),
        ],
    )
    show(
        f"{TOO_MANY} writing at once, past what the machine can do",
        "",
        [
            Figure("answered", crowd[ANSWERED]["num_requests"]),
            Figure("told to wait", crowd[TOLD_TO_WAIT]["num_requests"]),
            Figure("turned away with a word", crowd[TURNED_AWAY]["num_requests"]),
            Figure("errors and timeouts", sum(e["num_failures"] for e in crowd.values())),
            Figure("longest wait", max(e["max_response_time"] for e in crowd.values()), unit="ms"),
            Figure("ready again after", recovered, unit="s"),
        ],
    )


def workers(seconds: float = 60) -> None:
    """Turns a second with one and with two of each process, on PostgreSQL and Redis."""
    rates = []
    postgres = Postgres()
    try:
        for number in (1, 2):
            with tempfile.TemporaryDirectory() as folder, Redis() as redis:
                shared = {"DATABASE_URL": postgres.fresh(), "REDIS_URL": redis.url}
                with Desk(Path(folder) / "desk", WORKERS=str(number), **shared, **PLENTY) as desk:
                    locust(desk.url, min(seconds, 5), WRITING, OPEN)  # both are warm
                    told = locust(desk.url, seconds, WRITING, OPEN)
                rates.append((told[ANSWERED]["num_requests"] / seconds, told[ANSWERED]))
    finally:
        postgres.stop()
    (one, slow), (two, fast) = rates
    show(
        f"Two of each process on {os.cpu_count()} cores, with PostgreSQL and Redis",
        "one of each",
        [
            Figure("turns a second", two, one),
            Figure("turn p95", _percentile(fast, 0.95), _percentile(slow, 0.95), unit="ms"),
        ],
    )


def locust(url: str, seconds: float, writing: int, opened: int) -> dict[str, dict[str, Any]]:
    """What locust counted, by name; a name that did not occur has zeros."""
    command = [
        *(sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py"))),
        *("--headless", "--json", "--host", url, "--loglevel", "ERROR"),
        *("--users", str(writing), "--spawn-rate", str(writing), "--run-time", f"{seconds:g}s"),
    ]
    environment = os.environ | {"CONVERSATIONS": str(max(opened, writing))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    try:
        # Tables stand before and after it.
        counted, _ = json.JSONDecoder().raw_decode(done.stdout, done.stdout.index("[\n    {"))
    except ValueError:
        raise RuntimeError(f"locust failed:\n{done.stdout}\n{done.stderr}") from None
    nothing = {
        "num_requests": 0,
        "num_failures": 0,
        "max_response_time": 0,
        "response_times": {},
    }
    names = dict.fromkeys((ANSWERED, TOLD_TO_WAIT, TURNED_AWAY), nothing)
    return names | {entry["name"]: entry for entry in counted}


class Memory:
    """`with Memory(desk) as memory:` – what its processes held after a while, and at the end."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: list[float] = []
        self._over = threading.Event()

    def __enter__(self) -> Memory:
        self._looking = threading.Thread(target=self._look)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    @property
    def first(self) -> float:
        """After a fifth of the time: what is remembered at first is no leak."""
        return self._seen[len(self._seen) // 5]

    @property
    def last(self) -> float:
        return self._seen[-1]

    def _look(self) -> None:
        while not self._over.wait(1):
            self._seen.append(megabytes(self._desk.pid))
        self._seen.append(megabytes(self._desk.pid))


def _percentile(entry: dict[str, Any], share: float) -> float:
    """Of locust's histogram: milliseconds (as text) to how many took so long."""
    times = sorted((float(took), count) for took, count in entry["response_times"].items())
    wanted, seen = share * sum(count for _, count in times), 0
    for took, count in times:
        seen += count
        if seen >= wanted:
            return took
    return 0.0


if __name__ == "__main__":
    main()
