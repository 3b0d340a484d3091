"""Starting the desk: Rasa, the action server and the gateway, under supervisord.

This process becomes supervisord, so that a signal to it reaches all of them.
A child tells the terminal how far the start has come.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import msgspec

from bot.settings import Secrets, Settings
from bot.training import ENVIRONMENT, model_file

ROOT = Path(__file__).parent.parent
SLOW = 90  # seconds after which a start is called slow
PARTS = {
    "gateway": "the gateway",
    "database": "the database",
    "actions": "the action server",
    "rasa": "Rasa",
}
OF_THE_GATEWAY = (
    "MASKING_KEY",
    "DATABASE_KEY",
    "TELEGRAM_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "REDIS_URL",
)


class PortTaken(Exception):
    """Another program listens on a port of the desk."""


def run(settings: Settings, secrets: Secrets, say: Callable[[str], None]) -> NoReturn:
    """Start everything and become its supervisor; PortTaken where that cannot be."""
    check_ports(settings)
    config = write_config(settings)
    if os.fork() == 0:
        try:
            announce(settings, say)
        finally:
            os._exit(0)
    command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)]
    os.execve(sys.executable, command, {**os.environ, **environment(settings, secrets)})


def check_ports(settings: Settings) -> None:
    for name, host, port in (
        ("PORT", settings.host, settings.port),
        *(("RASA_PORT", "127.0.0.1", settings.rasa_port + n) for n in range(settings.workers)),
        *(
            ("ACTIONS_PORT", "127.0.0.1", settings.actions_port + n)
            for n in range(settings.workers)
        ),
    ):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise PortTaken(
                    f"Port {port} on {host} cannot be used ({error.strerror}). Perhaps a desk is "
                    f"running already: stop it, or choose another port, as in {name}={port + 1000}."
                ) from None


def environment(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """What the processes find in their environment; secrets stand in no file but their own."""
    several = {}
    if settings.workers > 1:
        several["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics_folder(settings))
    return {
        **ENVIRONMENT,
        **several,
        # The gateway reads the others itself: Rasa and the actions have no use for them.
        "RASA_TOKEN": secrets.rasa_token,
        "ACTIONS_TOKEN": secrets.actions_token,
        "ACTIONS_URLS": " ".join(f"{url}/webhook" for url in settings.actions_urls),
        "WORKERS": str(settings.workers),
        "DATABASE_URL": settings.database_url,
        "INDEX_FOLDER": str(settings.index_folder),
        "LOG_FORMAT": settings.log_format,
        "LOG_LEVEL": "INFO",  # at DEBUG Rasa logs what people write
        "PYTHONUNBUFFERED": "1",
    }


def write_config(settings: Settings) -> Path:
    """var/supervisord.conf: what runs, and that it is started again when it dies."""
    logs = settings.folder / "log"
    logs.mkdir(parents=True, exist_ok=True)
    sections = {
        "supervisord": {
            "logfile": logs / "supervisord.log",
            "pidfile": settings.folder / "supervisord.pid",
            "silent": "true",
        }
    }
    for name, (command, environment) in programs(settings).items():
        told = ",".join(f'{key}="{value}"' for key, value in environment.items())
        sections[f"program:{name}"] = {
            "command": " ".join(_quoted(part) for part in command),
            **({"environment": told} if told else {}),
            "autorestart": "true",
            # A start that fails at once is tried again, each time a little later.
            "startretries": "1000",
            "stopasgroup": "true",
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": logs / f"{name}.log",
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "2",
        }
    path = settings.folder / "supervisord.conf"
    path.write_text(_as_ini(sections))
    return path


def programs(settings: Settings) -> Mapping[str, tuple[list[str], Mapping[str, str]]]:
    """Each process: how it is started, and what it alone finds in its environment."""
    python = sys.executable
    # Of what an operator has put into the environment, no word of the gateway's secrets.
    withheld = dict.fromkeys(OF_THE_GATEWAY, "")
    found: dict[str, tuple[list[str], Mapping[str, str]]] = {}
    for n in range(settings.workers):
        number = f"-{n + 1}" if n else ""
        found[f"actions{number}"] = (
            [python, "-m", "actions.server"],
            {**withheld, "ACTIONS_PORT": str(settings.actions_port + n)},
        )
        found[f"gateway{number}"] = [python, "-m", "bot.cli", "gateway"], {}
        found[f"rasa{number}"] = (
            [
                *(python, "-m", "nlu.without_tensorflow", "run"),
                *("--model", str(model_file(settings))),
                *("--interface", "127.0.0.1", "--port", str(settings.rasa_port + n)),
                *("--endpoints", str(ROOT / "endpoints.yml")),
                *("--credentials", str(ROOT / "credentials.yml")),
            ],
            withheld,
        )
    return found


def announce(settings: Settings, say: Callable[[str], None]) -> None:
    """Say what answers as soon as it does, and at the end the address of the page."""
    began, parent = time.monotonic(), os.getppid()
    logs = settings.folder / "log"
    waiting, told_slow = dict(PARTS), False
    while waiting and os.getppid() == parent:
        for name in parts_up(settings) & waiting.keys():
            say(f"  {waiting.pop(name)} answers ({time.monotonic() - began:.0f} s)")
        if not told_slow and time.monotonic() - began > SLOW:
            told_slow = True
            for name in waiting:
                say(f"  still waiting for {PARTS[name]}; see {logs / name}.log")
        time.sleep(0.3)
    if not waiting:
        say(f"\nThe desk is open: {settings.public_url or settings.address}")
        say(f"Ctrl-C closes it. Logs are in {logs}.")


def parts_up(settings: Settings) -> set[str]:
    """Which of PARTS answer, as the gateway's /readyz tells."""
    try:
        with urllib.request.urlopen(f"{settings.address}/readyz", timeout=3) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:
        answer = error.read()
    except OSError:
        return set()
    try:
        parts = msgspec.json.decode(answer)["parts"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return set()
    return {"gateway", *(name for name, state in parts.items() if state == "answers")}


def restarts(settings: Settings) -> dict[str, int]:
    """How often each process was started again since the desk began."""
    log = settings.folder / "log" / "supervisord.log"
    if not log.exists():
        return {}
    _, _, since = log.read_text(errors="replace").rpartition("supervisord started with pid")
    started = Counter(re.findall(r"spawned: '([\w-]+)' with pid", since))
    return {name: times - 1 for name, times in started.items()}


def _metrics_folder(settings: Settings) -> Path:
    """Where several gateways add up what they count, begun anew at each start."""
    folder = settings.folder / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _quoted(part: str) -> str:
    return f'"{part}"' if " " in part else part


def _as_ini(sections: Mapping[str, Mapping[str, object]]) -> str:
    lines = ["; Written by `ieum run`; changes here are lost."]
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in values.items())]
    return "\n".join([*lines, ""])
