"""`ieum backup` and `ieum restore`: everything the desk keeps, in one file."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import Settings, SettingsError


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
def backup(file: Path | None) -> None:
    """Save everything the desk keeps into FILE, also while it runs.

    Without FILE, into a new one in var/backups; `-` writes to the standard
    output, as in `ieum backup - | age -r KEY > desk.age`. It holds what people
    told: keep it as safe as the desk, and no longer than the retention allows.
    """
    from bot.backup import BackupError, back_up, check

    settings = _settings()
    try:
        if file == Path("-"):
            _tell(back_up(settings, sys.stdout.buffer), "written")
            return
        moment = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        path = file or settings.folder / "backups" / f"ieum-{moment}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with open(
                os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b"
            ) as new:
                written = back_up(settings, new)
                os.fsync(new.fileno())
                new.seek(0)
                check(new)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        _tell(written, f"saved in {path} and read back")
    except (BackupError, SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"No backup was made: {_reason(error)}") from error


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--check", "only_check", is_flag=True, help="Only read the file to its end.")
def restore(file: Path, yes: bool, only_check: bool) -> None:
    """Put the backup FILE in place of everything the desk keeps now, also while it runs.

    FILE is read to its end first, and nothing changes where it is damaged. What
    was erased after the backup was made comes back with it: erase it again.
    """
    from bot.backup import BackupError, check
    from bot.backup import restore as put_back

    settings = _settings()
    try:
        with tempfile.TemporaryFile() as copy:
            copy.write(sys.stdin.buffer.read() if file == Path("-") else file.read_bytes())
            copy.seek(0)
            head, rows = check(copy)
            _tell(rows, f"in the backup of {head.made_at}, which is whole")
            if only_check:
                return
            if not yes:
                click.confirm("Replace everything that is kept now?", abort=True)
            copy.seek(0)
            _tell(put_back(settings, copy), "restored")
    except (BackupError, SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"Nothing was restored: {_reason(error)}") from error


def _tell(rows: dict[str, int], what: str) -> None:
    counted = ", ".join(f"{count} {name}" for name, count in sorted(rows.items())) or "nothing"
    click.echo(f"{counted} {what}.", err=True)


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)
