"""The command line, as a newcomer uses it."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from click.testing import CliRunner, Result
from rich.console import Console

from bot import terminal
from bot.cli import main
from bot.conversations import Desk
from tests.bot.fake_rasa import FakeRasa

Client = TestClient[Any, Any]


def ieum(*said: str, **environ: str) -> Result:
    return CliRunner(env=environ).invoke(main, said)


def test_help_names_every_command_that_people_use() -> None:
    said = ieum("--help").output
    for command in ("run", "train", "chat", "ask", "knowledge"):
        assert f"\n  {command} " in said
    assert "gateway" not in said


def test_a_wrong_setting_ends_in_a_sentence() -> None:
    result = ieum("train", PORT="many")
    assert result.exit_code == 1
    assert result.output.startswith("Error: PORT")


def test_asking_where_no_desk_runs_says_how_to_start_one(unused_tcp_port: int) -> None:
    result = ieum("ask", "hello", PORT=str(unused_tcp_port))
    assert result.exit_code == 1
    assert "ieum run" in result.output


def test_a_verdict_on_the_command_line() -> None:
    facts = ("--facts", "status=F-6", "marriage=intact", "residence=P23M")
    result = ieum("knowledge", "assess", "permanent_residence.f5_2", *facts)
    assert result.exit_code == 0, result.output
    assert "Not fulfilled" in result.output
    assert "Sources:" in result.output
    result = ieum("knowledge", "assess", "permanent_residence.f5_2")
    assert "Still missing, the most useful first: " in result.output


def test_a_record_is_shown_whole() -> None:
    result = ieum("knowledge", "show", "permanent_residence.f5_2", "--language", "ko")
    assert result.exit_code == 0, result.output
    assert "F-5-2" in result.output
    assert "[1]" in result.output


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (["show", "nothing"], "There is no service 'nothing'"),
        (["assess", "permanent_residence.f5_2", "--facts", "residence"], "FACT=VALUE"),
        (["assess", "permanent_residence.f5_2", "--facts", "residence=long"], "residence"),
        (["assess", "permanent_residence.f5_2", "--facts", "colour=red"], "'colour'"),
    ],
)
def test_what_cannot_be_looked_up_is_explained(said: list[str], words: str) -> None:
    result = ieum("knowledge", *said)
    assert result.exit_code == 1
    assert words in result.output


def test_the_records_are_checked() -> None:
    assert "boundary cases" in ieum("knowledge", "check").output


def test_search_prints_statements_with_their_sources(embedded: Path) -> None:
    result = ieum("knowledge", "search", "re-entry", "--limit", "2", VAR_DIR=str(embedded))
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) == 4
    assert "[" in result.output


async def test_one_question_in_the_terminal(client: Client, desk: Desk) -> None:
    said = io.StringIO()
    address = f"http://{client.host}:{client.port}"
    await terminal.ask(address, "my visa ends", None, Console(file=said))
    assert "you said my visa ends" in said.getvalue()
    assert "(a) Yes" in said.getvalue()


async def test_an_answer_that_takes_longer_still_comes(client: Client, rasa: FakeRasa) -> None:
    await rasa.stop()
    said = io.StringIO()
    address = f"http://{client.host}:{client.port}"
    asking = asyncio.create_task(terminal.ask(address, "hello", None, Console(file=said)))
    await asyncio.sleep(3)
    await rasa.start()
    await asyncio.wait_for(asking, 20)
    assert "you said hello" in said.getvalue()


async def test_a_chat_with_buttons(
    client: Client, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = iter(["hello", "a", "/quit"])
    said = io.StringIO()
    console = Console(file=said)
    monkeypatch.setattr(console, "input", lambda _: next(lines))
    await terminal.chat(f"http://{client.host}:{client.port}", "ko", console)
    assert [body["message"] or body["choice"] for body in rasa.heard] == [
        "hello",
        "fact:registered=true",
    ]
    assert rasa.heard[0]["language"] == "ko"
