"""What the desk is held against: `rasa init`, trained and served as it comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.training import ENVIRONMENT
from tests.desk import free_port

STARTS_WITHIN = 300  # seconds


class PlainBot:
    """`with PlainBot(folder) as bot:`; `started_in` are the seconds until it answered."""

    def __init__(self, folder: Path) -> None:
        self._rasa = str(Path(sys.executable).with_name("rasa"))
        self._environment = os.environ | ENVIRONMENT
        self._project = folder / "plain"
        self._project.mkdir()
        self._log = (folder / "plain.log").open("wb")
        print("training a plain rasa init bot ...", flush=True)
        self._run("init", "--no-prompt", "--init-dir", str(self._project)).wait()
        self.port = free_port()
        self._url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> PlainBot:
        began = time.monotonic()
        self._process = self._run("run", "-i", "127.0.0.1", "-p", str(self.port))
        while True:
            try:
                self.say("warm", "hello")
                break
            except OSError:
                if time.monotonic() - began > STARTS_WITHIN:
                    raise
                time.sleep(0.1)
        self.started_in = time.monotonic() - began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, sender: str, text: str) -> Any:
        body = json.dumps({"sender": sender, "message": text}).encode()
        request = urllib.request.Request(
            f"{self._url}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self._rasa, *command],
            cwd=self._project,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
        )
