"""What an operator can set: environment variables, else `ieum.toml`, else the defaults here.

Secrets have no default: where the environment does not give them, they are made
on the first run and kept in `var/secrets.json`, readable by its owner alone.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

FILE = "ieum.toml"


class SettingsError(ValueError):
    """A setting that cannot be used: which one, where it stands, what is expected."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting; the environment variable of `telegram_token` is `TELEGRAM_TOKEN`.

    `public_url` is the address at which people reach the desk, without a
    slash at the end.  `allowed_origins` are the websites that may embed the
    widget (`https://centre.example`).  Rates are calls a minute.  `workers` is
    how many gateways, Rasas and action servers run on this machine; where there
    are several, here or on other machines, they share a PostgreSQL
    (`database_url`) and a Redis (`redis_url`).
    """

    host: str = "127.0.0.1"
    port: int = 8080
    var_dir: str = "var"
    database_url: str = ""
    redis_url: str = ""
    workers: int = 1
    rasa_port: int = 5005
    actions_port: int = 5055
    public_url: str = ""
    allowed_origins: tuple[str, ...] = ()
    requests_per_minute: int = 20_000
    openings_per_minute: int = 6_000
    messages_per_minute: int = 600
    retention_days: int = 30
    telegram_token: str = ""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_api: str = "https://api.telegram.org"

    def __post_init__(self) -> None:
        for name in ("port", "rasa_port", "actions_port"):
            if not 0 < getattr(self, name) < 65536:
                raise ValueError(f"{name} is a port, 1 to 65535")
        for name in ("requests_per_minute", "openings_per_minute", "messages_per_minute"):
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
        for origin in self.allowed_origins:
            _check_address("allowed_origins", origin)
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
    """The tokens that the processes show each other, and Telegram's webhook to us."""

    rasa_token: str
    actions_token: str
    telegram_webhook_secret: str

    @classmethod
    def load(cls, folder: Path, environ: Mapping[str, str] = os.environ) -> Secrets:
        """Those of the environment (`RASA_TOKEN`, ...), else of `folder`, made on the first run."""
        path = folder / "secrets.json"
        folder.mkdir(parents=True, exist_ok=True)
        made = msgspec.json.encode({name: secrets.token_hex(32) for name in cls.__struct_fields__})
        try:
            # Exclusive: of two processes that start at once, one makes them.
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(made)
        except FileExistsError:
            made = path.read_bytes()
        try:
            kept = msgspec.json.decode(made, type=cls)
        except msgspec.DecodeError:
            raise SettingsError(
                f"{path} is damaged. Delete it and start again: new secrets are made."
            ) from None
        given = {name: environ.get(name.upper()) for name in cls.__struct_fields__}
        return msgspec.structs.replace(kept, **{name: text for name, text in given.items() if text})


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
