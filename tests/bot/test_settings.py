"""Settings and secrets: where they come from, and what is said where they are wrong."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
import pytest

from bot.settings import Secrets, Settings, SettingsError


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "ieum.toml").write_text('port = 9000\nhost = "::1"\n')
    settings = Settings.load({"PORT": "9001", "RASA_PORT": ""}, tmp_path)
    assert (settings.port, settings.host, settings.rasa_port) == (9001, "::1", 5005)
    assert settings.address == "http://[::1]:9001"


def test_origins_are_a_list_in_the_environment(tmp_path: Path) -> None:
    settings = Settings.load({"ALLOWED_ORIGINS": "https://a.example, https://b.example"}, tmp_path)
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_without_a_database_address_a_file_is_kept(tmp_path: Path) -> None:
    settings = Settings.load({"VAR_DIR": str(tmp_path)}, tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/ieum.db"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PORT": "many"}, ["PORT", "environment", "int"]),
        ({"PORT": "70000"}, ["PORT", "1 to 65535"]),
        ({"RETENTION_DAYS": "0"}, ["RETENTION_DAYS", "at least 1"]),
        ({"MESSAGES_PER_MINUTE": "0"}, ["MESSAGES_PER_MINUTE", "at least 1"]),
        ({"ALLOWED_ORIGINS": "centre.example"}, ["ALLOWED_ORIGINS", "https://centre.example"]),
        ({"PUBLIC_URL": "https://desk.example/"}, ["PUBLIC_URL", "slash"]),
        ({"TELEGRAM_MODE": "pigeon"}, ["TELEGRAM_MODE", "pigeon"]),
        ({"TELEGRAM_MODE": "webhook"}, ["TELEGRAM_MODE", "public_url"]),
        ({"WORKERS": "0"}, ["WORKERS", "at least 1"]),
        ({"WORKERS": "2"}, ["WORKERS", "redis_url", "database_url"]),
        ({"DATABASE_URL": "mysql://ieum@db/ieum"}, ["DATABASE_URL", "postgresql://"]),
        ({"DATABASE_URL": "postgres://ieum@db/ieum"}, ["DATABASE_URL", "postgresql://"]),
        ({"REDIS_URL": "localhost:6379"}, ["REDIS_URL", "redis://"]),
        (
            {
                "TELEGRAM_MODE": "webhook",
                "PUBLIC_URL": "https://desk.example",
                "REDIS_URL": "redis://localhost",
            },
            ["TELEGRAM_MODE", "polling"],
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_expected(
    environ: dict[str, str], words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.load(environ, tmp_path)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("port = 'many'", ["PORT", "ieum.toml"]),
        ("colour = 'red'", ["colour", "ieum.toml", "retention_days"]),
        ("port = ", ["ieum.toml", "TOML"]),
    ],
)
def test_a_wrong_file_is_named(file: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "ieum.toml").write_text(file)
    with pytest.raises(SettingsError) as error:
        Settings.load({}, tmp_path)
    for word in words:
        assert word in str(error.value)


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made = Secrets.load(tmp_path / "var", {})
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600
    assert Secrets.load(tmp_path / "var", {}) == made
    assert len({made.rasa_token, made.actions_token, made.telegram_webhook_secret}) == 3
    assert len(made.rasa_token) == 64


def test_secrets_of_the_environment_win(tmp_path: Path) -> None:
    assert Secrets.load(tmp_path, {"RASA_TOKEN": "given"}).rasa_token == "given"
    assert Secrets.load(tmp_path, {}).rasa_token != "given"


def test_damaged_secrets_are_named(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(SettingsError, match=r"secrets\.json is damaged"):
        Secrets.load(tmp_path, {})


def test_a_secret_that_an_older_desk_did_not_have_is_added(tmp_path: Path) -> None:
    made = Secrets.load(tmp_path, {})
    path = tmp_path / "secrets.json"
    older = {"rasa_token": made.rasa_token, "of_a_newer_desk": "kept"}
    path.write_bytes(msgspec.json.encode(older))
    path.chmod(0o644)
    now = Secrets.load(tmp_path, {})
    assert now.rasa_token == made.rasa_token
    assert now.masking_key
    assert Secrets.load(tmp_path, {}) == now
    assert msgspec.json.decode(path.read_bytes())["of_a_newer_desk"] == "kept"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
