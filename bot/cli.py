"""The command line: `ieum --help`."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Coroutine
from typing import Any

import click
from rich.console import Console

import journal
from bot import supervisor, terminal, training
from bot.audit_command import check_audit
from bot.backup_commands import backup, restore
from bot.counsellor_commands import counsellor
from bot.knowledge_commands import knowledge
from bot.settings import Secrets, Settings, SettingsError
from knowledge.base import RecordError

console = Console(highlight=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Ieum, a counselling desk for foreign residents of Korea.

    Begin with `ieum run`, which starts the desk and prints the address of its
    page. The settings are environment variables, or lines of ieum.toml.
    """


@main.command()
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="How many of each process; more than one needs DATABASE_URL and REDIS_URL.",
)
def run(workers: int | None) -> None:
    """Start the desk and keep it running until Ctrl-C."""
    if workers:
        os.environ["WORKERS"] = str(workers)
    settings = _settings()
    try:
        supervisor.check_ports(settings)
        training.prepare(settings, console)
        console.print("Starting the desk ...")
        supervisor.run(settings, Secrets.load(settings.folder), console.print)
    except (supervisor.PortTaken, training.TrainingFailed, RecordError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--force", is_flag=True, help="Train even where nothing has changed.")
def train(force: bool) -> None:
    """Train the language model, where it is stale."""
    settings = _settings()
    try:
        if not training.prepare(settings, console, force):
            console.print("The language model is up to date.")
    except (training.TrainingFailed, RecordError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--language", help="The language to answer in, as ja or ko.")
def chat(language: str | None) -> None:
    """Talk with the running desk in this terminal."""
    _talk(terminal.chat(_settings().address, language, console))


@main.command()
@click.argument("question")
@click.option("--language", help="The language to answer in, as ja or ko.")
def ask(question: str, language: str | None) -> None:
    """Ask the running desk one QUESTION and print its answer."""
    _talk(terminal.ask(_settings().address, question, language, console))


@main.command(
    name="eval", context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def evaluate(options: tuple[str, ...]) -> None:
    """Measure how well the desk understands; `ieum eval --help` tells more."""
    settings = _settings()
    try:
        training.prepare(settings, console)
    except (training.TrainingFailed, RecordError) as error:
        raise click.ClickException(str(error)) from error
    command = [
        *(sys.executable, "-m", "evaluation"),
        *("--model", str(training.model_file(settings))),
        *("--out", str(settings.folder / "evaluation"), *options),
    ]
    environment = {**os.environ, **training.ENVIRONMENT, "INDEX_FOLDER": str(settings.index_folder)}
    sys.exit(subprocess.run(command, env=environment, cwd=training.ROOT).returncode)


@main.command(hidden=True)
def gateway() -> None:
    """The process that faces the network; `ieum run` starts it."""
    import uvloop

    from bot.server import serve

    uvloop.install()
    journal.configure("gateway")
    # Alembic tells at every start that there is nothing to do.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = _settings()
    asyncio.run(serve(settings, Secrets.load(settings.folder)))


main.add_command(backup)
main.add_command(knowledge)
main.add_command(counsellor)
main.add_command(check_audit)
main.add_command(restore)


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _talk(conversation: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(conversation)
    except terminal.NoDesk as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
