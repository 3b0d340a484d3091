"""Starting the desk: ports, what each process is told, and that what dies comes back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bot import supervisor
from bot.settings import Secrets, Settings


def wait_for(holds: Callable[[], object], within: float = 20) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, "it never came about"
        time.sleep(0.05)


def test_a_taken_port_is_named_with_the_setting_that_changes_it(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        wanted = Settings(var_dir=settings.var_dir, rasa_port=taken)
        with pytest.raises(supervisor.PortTaken, match=rf"{taken}.*RASA_PORT="):
            supervisor.check_ports(wanted)


def test_several_workers_have_ports_of_their_own_and_one_door(settings: Settings) -> None:
    wide = Settings(
        var_dir=settings.var_dir,
        workers=2,
        database_url="postgresql://localhost/ieum",
        redis_url="redis://localhost",
    )
    programs = supervisor.programs(wide)
    assert set(programs) == {
        f"{kind}{number}" for kind in ("actions", "gateway", "rasa") for number in ("", "-2")
    }
    assert programs["actions-2"][1]["ACTIONS_PORT"] == "5056"
    assert "5006" in programs["rasa-2"][0]
    assert programs["gateway"] == programs["gateway-2"]
    told = supervisor.environment(wide, Secrets("r", "a", "t", "m", "d"))
    ports = [url.split(":")[2] for url in told["ACTIONS_URLS"].split()]
    assert ports == ["5055/webhook", "5056/webhook"]
    assert Path(told["PROMETHEUS_MULTIPROC_DIR"]).is_dir()


def test_math_threads_are_pinned_and_telemetry_is_off(settings: Settings) -> None:
    told = supervisor.environment(settings, Secrets("r", "a", "t", "m", "d"))
    for pool in ("OMP", "MKL", "OPENBLAS"):
        assert told[f"{pool}_NUM_THREADS"] == "1"
    assert told["RASA_TELEMETRY_ENABLED"] == "false"
    assert (told["RASA_TOKEN"], told["ACTIONS_TOKEN"]) == ("r", "a")
    assert not {"m", "d"} & set(told.values()), "Rasa and the actions have no use for the keys"


def test_keys_that_an_operator_sets_reach_the_gateway_alone(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As supervisord itself starts them: the environment, and what the configuration says."""
    told = tmp_path / "told"
    told.mkdir()
    program = tmp_path / "tell.py"
    program.write_text(
        "import os, pathlib, sys, time\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "path.with_suffix('.new').write_text(os.environ.get('MASKING_KEY', 'none'))\n"
        "path.with_suffix('.new').rename(path)\n"
        "time.sleep(60)\n"
    )
    as_they_are = supervisor.programs(settings)
    telling = {
        name: ([sys.executable, str(program), str(told / name)], environment)
        for name, (_, environment) in as_they_are.items()
    }
    monkeypatch.setattr(supervisor, "programs", lambda _: telling)
    config = supervisor.write_config(settings)
    command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)]
    running = subprocess.Popen(command, env={**os.environ, "MASKING_KEY": "planted"})
    try:
        wait_for(lambda: all((told / name).exists() for name in telling))
    finally:
        running.terminate()
        running.wait(20)
    found = {name: (told / name).read_text() for name in telling}
    assert found == {"gateway": "planted", "rasa": "", "actions": ""}


def test_secrets_do_not_stand_in_the_configuration(settings: Settings) -> None:
    secrets = Secrets.load(settings.folder, {})
    written = supervisor.write_config(settings).read_text()
    for secret in msgspec.structs.astuple(secrets):
        assert secret not in written


def test_a_process_that_is_killed_is_started_again_and_all_stop_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    born = folder / "pids"
    program = folder / "sleeper.py"
    program.write_text(
        "import os, sys, time\nopen(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\ntime.sleep(60)\n"
    )
    sleeper = [sys.executable, str(program), str(born)]
    monkeypatch.setattr(supervisor, "programs", lambda _: {"sleeper": (sleeper, {})})
    config = supervisor.write_config(Settings(var_dir=str(folder)))
    command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)]
    running = subprocess.Popen(command)

    def pids() -> list[int]:
        return [int(line) for line in born.read_text().split()] if born.exists() else []

    try:
        wait_for(lambda: len(pids()) == 1)
        time.sleep(1.2)  # it counts as running after a second
        os.kill(pids()[0], signal.SIGKILL)
        wait_for(lambda: len(pids()) == 2)
    finally:
        running.terminate()
        running.wait(20)
    with pytest.raises(ProcessLookupError):
        os.kill(pids()[-1], 0)
