"""A whole desk for tests and benchmarks: `ieum run` on free ports, in a folder of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from bot.settings import Settings

SLOWEST_START = 600  # seconds, on a machine that does much else


class Desk:
    """`with Desk(folder) as desk:` – all processes up, none left behind."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        trained = Settings.load().folder
        for shared in ("models", "knowledge"):  # what `ieum train` made, for all desks alike
            if not (folder / shared).exists():
                (folder / shared).symlink_to(trained / shared)
        workers = int(settings.get("WORKERS") or 1)
        self.port = int(settings.get("PORT") or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "VAR_DIR": str(folder),
            "PORT": str(self.port),
            "RASA_PORT": str(free_port(workers)),
            "ACTIONS_PORT": str(free_port(workers)),
            **settings,
        }

    def __enter__(self) -> Desk:
        with (self.folder / "desk.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).with_name("ieum")), "run"],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)  # no process is left behind
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The supervisor's process; the desk's others are below it."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Return once Rasa, action server and database answer."""
        began = time.monotonic()
        while time.monotonic() - began < SLOWEST_START:
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=5).close()
                return
            except OSError:
                time.sleep(0.3)
        raise AssertionError(f"the desk did not start:\n{self._logs()}")

    def settings(self, **changed: str) -> Settings:
        """The settings this desk runs on, with some of them changed."""
        return Settings.load(self._environment | changed)

    def pid_of(self, program: str) -> int:
        """The process of `rasa`, `gateway-2` ..., as supervisord started it last."""
        log = (self.folder / "log" / "supervisord.log").read_text()
        spawned = [line for line in log.splitlines() if f"spawned: '{program}'" in line]
        return int(spawned[-1].rpartition(" ")[2])

    def signal(self, program: str, number: signal.Signals) -> None:
        """Stop (SIGSTOP) or continue (SIGCONT) one process, as a machine short of memory would."""
        os.kill(self.pid_of(program), number)

    def fill_disk(self, program: str, full: bool = True) -> None:
        """From now on every byte that the process writes to a file is one too many."""
        _, most = resource.prlimit(self.pid_of(program), resource.RLIMIT_FSIZE)
        limits = (0 if full else most, most)
        resource.prlimit(self.pid_of(program), resource.RLIMIT_FSIZE, limits)

    def kill(self, program: str) -> None:
        """Kill one process as a crash would; the supervisor starts it again."""
        self.signal(program, signal.SIGKILL)

    def readiness(self) -> dict[str, object]:
        """What /readyz says, whatever its status."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
                found: dict[str, object] = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        return found

    def _logs(self) -> str:
        paths = [self.folder / "desk.log", *(self.folder / "log").glob("*.log")]
        return "\n".join(
            f"--- {p.name}\n{p.read_text(errors='replace')[-3000:]}" for p in paths if p.exists()
        )


def free_port(count: int = 1) -> int:
    """A port nobody listens on, nor on those that follow it, given to nobody else of this run.

    They lie below those that the system hands out by itself: a desk listens on
    its ports only after some seconds, and meanwhile a test beside it, or a
    connection, could be given the same.
    """
    while True:
        with contextlib.ExitStack() as stack:
            taken = [next(_PORTS) for _ in range(count)]
            with contextlib.suppress(OSError):
                for port in taken:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return taken[0]


# Every process that tests at the same time (pytest's -n) has some thousands of its own.
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = itertools.count(10_000 + 4_000 * _PROCESS)
