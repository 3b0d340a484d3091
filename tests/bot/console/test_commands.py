"""`ieum counsellor`: accounts from the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.console.accounts import Account, Accounts
from bot.settings import Settings
from bot.store import Store


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return tmp_path


def ieum(*said: str, answers: str = "") -> Result:
    return CliRunner().invoke(main, ["counsellor", *said], input=answers)


def check(login: str, password: str) -> Account | None:
    async def work() -> Account | None:
        store = await Store.open(Settings.load().database)
        try:
            return await Accounts(store).check(login, password)
        finally:
            await store.close()

    return asyncio.run(work())


def test_an_account_is_added_listed_barred_and_gets_a_new_password() -> None:
    sentence = "a quiet long sentence"
    added = ieum("add", "minji", "--name", "김민지", "--role", "lead", answers=f"{sentence}\n" * 2)
    assert added.exit_code == 0, added.output
    assert "/console" in added.output
    assert sentence not in added.output
    account = check("minji", sentence)
    assert account is not None
    assert (account.name, account.role) == ("김민지", "lead")
    assert "김민지" in ieum("list").output
    assert ieum("disable", "minji").exit_code == 0
    assert check("minji", sentence) is None
    assert "disabled" in ieum("list").output
    ieum("disable", "minji", "--enable")
    made = ieum("password", "minji", "--generate").output.split("Password: ")[1].strip()
    assert check("minji", sentence) is None
    assert check("minji", made) is not None


@pytest.mark.parametrize(
    ("said", "answers", "tells"),
    [
        (["add", "minji"], "short\nshort\n", "10 characters"),
        (["disable", "nobody"], "", "ieum counsellor list"),
        (["password", "nobody", "--generate"], "", "ieum counsellor list"),
    ],
)
def test_what_cannot_be_done_ends_in_a_sentence(said: list[str], answers: str, tells: str) -> None:
    result = ieum(*said, answers=answers)
    assert result.exit_code == 1
    assert tells in result.output
    assert "Traceback" not in result.output
