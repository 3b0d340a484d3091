"""`ieum counsellor ...`: who may sign in to the console."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table

from bot.console.accounts import Account, AccountError, Accounts
from bot.settings import Settings, SettingsError
from bot.store import Store
from knowledge.catalogue import ANSWERED

T = TypeVar("T")
console = Console(highlight=False)


@click.group()
def counsellor() -> None:
    """Who may sign in to the counsellors' console."""


@counsellor.command()
@click.argument("login")
@click.option("--name", help="How people and colleagues see them; the login, where it is missing.")
@click.option(
    "--role",
    type=click.Choice(["counsellor", "lead"]),
    default="counsellor",
    show_default=True,
    help="A lead also sees everybody's cases, the board, accounts and the audit log.",
)
@click.option(
    "--language",
    type=click.Choice(ANSWERED),
    default="ko",
    show_default=True,
    help="The language their console is in.",
)
@click.option("--generate", is_flag=True, help="Make a password up and print it once.")
def add(login: str, name: str | None, role: str, language: str, generate: bool) -> None:
    """Add a counsellor who signs in as LOGIN; asks for a password."""
    password = secrets.token_urlsafe(12) if generate else _ask_password()
    made = _with_accounts(
        lambda accounts: accounts.add(
            login,
            name or login,
            password,
            "lead" if role == "lead" else "counsellor",
            language,
        )
    )
    console.print(f"{made.name} can sign in at {_settings().address}/console as {made.login}.")
    if generate:
        console.print(f"Password: {password}", soft_wrap=True, markup=False)


@counsellor.command(name="list")
def list_all() -> None:
    """List the counsellors."""

    async def everybody(accounts: Accounts) -> tuple[list[Account], set[str]]:
        return await accounts.all(), {known.id for known in await accounts.online()}

    found, online = _with_accounts(everybody)
    if not found:
        console.print("There is no counsellor yet: ieum counsellor add LOGIN --role lead")
        return
    table = Table("Login", "Name", "Role", "Language", "")
    for known in found:
        state = f"disabled {known.disabled_at}" if known.disabled_at else ""
        state = state or ("online" if known.id in online else "")
        table.add_row(known.login, known.name, known.role, known.language, state)
    console.print(table)


@counsellor.command()
@click.argument("login")
@click.option("--enable", is_flag=True, help="Let them sign in again.")
def disable(login: str, enable: bool) -> None:
    """Let LOGIN no longer sign in, and sign them out everywhere."""
    _change(
        login,
        lambda accounts, known: (accounts.enable if enable else accounts.disable)(known.id),
    )
    console.print(f"{login} can sign in again." if enable else f"{login} is signed out and barred.")


@counsellor.command()
@click.argument("login")
@click.option("--generate", is_flag=True, help="Make a password up and print it once.")
def password(login: str, generate: bool) -> None:
    """Give LOGIN a new password, and sign them out everywhere."""
    new = secrets.token_urlsafe(12) if generate else _ask_password()
    _change(login, lambda accounts, known: accounts.set_password(known.id, new))
    console.print(f"{login} has a new password.")
    if generate:
        console.print(f"Password: {new}", soft_wrap=True, markup=False)


def _change(login: str, change: Callable[[Accounts, Account], Awaitable[None]]) -> None:
    async def work(accounts: Accounts) -> None:
        known = await accounts.named(login)
        if known is None:
            raise click.ClickException(f"There is no {login!r}; `ieum counsellor list` names them.")
        await change(accounts, known)

    _with_accounts(work)


def _with_accounts(work: Callable[[Accounts], Awaitable[T]]) -> T:
    async def run() -> T:
        settings = _settings()
        store = await Store.open(settings.database, settings.database_key)
        try:
            return await work(Accounts(store))
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except AccountError as error:
        raise click.ClickException(str(error)) from error


def _ask_password() -> str:
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
