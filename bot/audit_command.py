"""`ieum audit`: whether the audit log is as it was written."""

from __future__ import annotations

import asyncio

import click
from rich.console import Console

from bot.cases import audit
from bot.settings import Settings, SettingsError
from bot.store import Store

console = Console(highlight=False)


@click.command(name="audit")
@click.option("--seal", help="A seal printed earlier: the log up to there must still be the same.")
def check_audit(seal: str | None) -> None:
    """Check that nobody has changed the audit log, and print its seal.

    Keep the seal outside this machine. Given back later with --seal it shows
    that nothing was taken from the end of the log either. Exits with 1 where
    the log is not as it was written.
    """
    try:
        settings = Settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    broken, known, now = asyncio.run(_read(settings, seal))
    if broken is not None:
        raise click.ClickException(
            f"Entry {broken} of the audit log is not as it was written, or is missing. Somebody "
            "has changed the database from outside the desk. Keep it as it is, and compare it with "
            "your backups."
        )
    if not known:
        raise click.ClickException(
            f"The log does not hold the entry of the seal {seal}: its end was taken away, or the "
            "seal is of another database."
        )
    console.print("The audit log is as it was written.")
    console.print(f"Seal: {now}", soft_wrap=True)


async def _read(settings: Settings, seal: str | None) -> tuple[int | None, bool, str]:
    store = await Store.open(settings.database, settings.database_key)
    try:
        return await store._run(
            lambda db: (
                audit.broken_at(db),
                seal is None or audit.holds(db, seal),
                audit.seal_of(db),
            )
        )
    finally:
        await store.close()
