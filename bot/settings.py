"""What an operator can set: environment variables, else `ieum.toml`, else the defaults here.

Secrets have no default: where the environment does not give them, they are made
on the first run and kept in `var/secrets.json`, readable by its owner alone.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from bot.opening import Opening

FILE = "ieum.toml"


class SettingsError(ValueError):
    """A setting that cannot be used: which one, where it stands, what is expected."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting; the environment variable of `telegram_token` is `TELEGRAM_TOKEN`.

    `public_url` is the address at which people reach the desk, without a
    slash at the end.  `allowed_origins` are the websites that may embed the
    widget (`https://centre.example`).  Rates are calls a minute, of one address
    (`messages_per_minute`: in one conversation); with `redis_url` all gateways
    count together.  `listeners_per_address` and `listeners` are how many
    windows may wait for news at once.
    `opening_hours` are those of the counsellors in Korean time, written as on
    OpenStreetMap (`Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-13:00; Dec 31 off`);
    on Korea's public holidays nobody is there.  `counsellors_chat` is the Telegram
    group that is told of new cases: its number or its @name.
    `workers` is how many gateways, Rasas and action servers run on this machine;
    where there are several, here or on other machines, they share a PostgreSQL
    (`database_url`), a Redis (`redis_url`) and their secrets.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    var_dir: str = "var"
    database_url: str = ""
    database_encrypted: bool = False
    redis_url: str = ""
    workers: int = 1
    rasa_port: int = 5005
    actions_port: int = 5055
    public_url: str = ""
    allowed_origins: tuple[str, ...] = ()
    requests_per_minute: int = 20_000
    openings_per_minute: int = 6_000
    messages_per_minute: int = 600
    listeners_per_address: int = 1_000
    listeners: int = 5_000
    log_format: Literal["text", "json"] = "text"
    retention_days: int = 30
    telegram_token: str = ""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_api: str = "https://api.telegram.org"
    opening_hours: str = "Mo-Fr 09:00-18:00"
    counsellors_chat: str = ""

    def __post_init__(self) -> None:
        for name in ("port", "rasa_port", "actions_port"):
            if not 0 < getattr(self, name) < 65536:
                raise ValueError(f"{name} is a port, 1 to 65535")
        for name in (
            "requests_per_minute",
            "openings_per_minute",
            "messages_per_minute",
            "listeners_per_address",
            "listeners",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1")
        if self.workers < 1:
            raise ValueError("workers is at least 1")
        if self.workers > 1 and not (self.redis_url and self.database_url):
            raise ValueError(
                "workers above 1 need redis_url and database_url: the gateways tell each other "
                "what happens through Redis, and keep the conversations in one PostgreSQL"
            )
        if self.database_url and not re.match(r"(sqlite|postgresql)(\+\w+)?://", self.database_url):
            raise ValueError(
                "database_url begins with postgresql:// or sqlite:///, as in "
                "postgresql://ieum:password@localhost/ieum"
            )
        if self.redis_url and not re.match(r"(rediss?|unix)://", self.redis_url):
            raise ValueError("redis_url begins with redis://, as in redis://localhost:6379/0")
        if self.redis_url and self.telegram_mode == "webhook":
            raise ValueError(
                "telegram_mode is polling where there are several gateways (redis_url): "
                "one of them asks Telegram, and a webhook would reach any of them"
            )
        if self.retention_days < 1:
            raise ValueError("retention_days is at least 1")
        if self.database_encrypted and not self.database.startswith("sqlite"):
            raise ValueError(
                "database_encrypted is for SQLite; encrypt the disk PostgreSQL writes to instead"
            )
        for origin in self.allowed_origins:
            _check_address("allowed_origins", origin)
        Opening(self.opening_hours)
        if self.public_url:
            _check_address("public_url", self.public_url)
        if self.telegram_mode == "webhook" and not self.public_url.startswith("https://"):
            raise ValueError(
                "telegram_mode webhook needs public_url, an https:// address Telegram can reach"
            )

    @property
    def folder(self) -> Path:
        """Where everything the desk writes is kept."""
        return Path(self.var_dir).resolve()

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the conversations."""
        return self.database_url or f"sqlite:///{self.folder / 'ieum.db'}"

    @property
    def database_key(self) -> str | None:
        """What its file is encrypted with; None where it is kept in the open."""
        return Secrets.load(self.folder).database_key if self.database_encrypted else None

    @property
    def index_folder(self) -> Path:
        """Where the embedded statements of the base are kept."""
        return self.folder / "knowledge"

    @property
    def rasa_urls(self) -> list[str]:
        """Rasa's workers: `rasa_port` and those that follow it."""
        return [f"http://127.0.0.1:{self.rasa_port + n}" for n in range(self.workers)]

    @property
    def actions_urls(self) -> list[str]:
        """The action servers: `actions_port` and those that follow it."""
        return [f"http://127.0.0.1:{self.actions_port + n}" for n in range(self.workers)]

    @property
    def address(self) -> str:
        """The address of the page on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, folder: Path = Path()) -> Settings:
        """The settings of this environment and of `folder`/ieum.toml; SettingsError otherwise."""
        values = _file(folder / FILE)
        origin = dict.fromkeys(values, FILE)
        for field in cls.__struct_fields__:
            text = environ.get(field.upper())
            if text:
                many = field == "allowed_origins"
                values[field] = text.replace(",", " ").split() if many else text
                origin[field] = "the environment"
        try:
            # Not strict: the environment knows only text.
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(_explain(str(error), origin)) from error


class Secrets(msgspec.Struct, frozen=True):
    """The tokens that the processes show each other and Telegram shows us, and two keys.

    Without `masking_key` no personal number that was hidden can be shown again,
    without `database_key` an encrypted database cannot be read at all.
    """

    rasa_token: str
    actions_token: str
    telegram_webhook_secret: str
    masking_key: str
    database_key: str

    @classmethod
    def load(cls, folder: Path, environ: Mapping[str, str] = os.environ) -> Secrets:
        """Those of the environment (`RASA_TOKEN`, ...), else of `folder`, made on the first run."""
        path = folder / "secrets.json"
        folder.mkdir(parents=True, exist_ok=True)
        # One process at a time: of two that start at once, the first makes them for both.
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = _kept(path)
            made = {name: secrets.token_hex(32) for name in cls.__struct_fields__}
            if made.keys() - kept.keys():
                kept = made | kept
                _write_secretly(path, msgspec.json.encode(kept))
        given = {name: environ.get(name.upper()) for name in cls.__struct_fields__}
        known = {name: kept[name] for name in cls.__struct_fields__}
        return cls(**known | {name: text for name, text in given.items() if text})


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)  # copied or restored with looser rights
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except msgspec.DecodeError:
        raise SettingsError(
            f"{path} is damaged. Put back its copy from a backup; or delete it and start again: "
            "new secrets are made, but personal numbers hidden so far can then not be shown again."
        ) from None


def _write_secretly(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _check_address(name: str, text: str) -> None:
    if not re.fullmatch(r"https?://[^\s/]+(/[^\s/]+)*", text):
        raise ValueError(
            f"{name} wants an address such as https://centre.example, without a slash at the end; "
            f"found {text!r}"
        )


def _file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        values: dict[str, object] = msgspec.toml.decode(path.read_bytes(), type=dict[str, object])
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path} is not readable TOML: {error}") from error
    return values


def _explain(problem: str, origin: Mapping[str, str]) -> str:
    """msgspec's words, with the name of the setting and where it was set."""
    what, _, field = problem.partition(" - at `$.")
    name = field.split("`")[0].split("[")[0] or what.split()[0]
    if name in origin:
        return f"{name.upper()} (set in {origin[name]}): {what}"
    return f"{what} (in {FILE}). The settings are {', '.join(Settings.__struct_fields__)}."
