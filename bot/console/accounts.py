"""Accounts: who may sign in, and the sessions in which they do.

Passwords are kept as argon2id hashes, sessions as the hash of their token: who
reads the database can sign in as nobody.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bot.cases import audit
from bot.cases.ownership import Counsellor, Role
from bot.messages import as_text, now
from bot.store import Store, metadata

OPERATOR = "operator"
"""Who acts from the command line."""
SHORTEST_PASSWORD = 10  # characters
SESSION_KEEPS = timedelta(hours=12)
IDLE_KEEPS = timedelta(hours=2)
ONLINE_FOR = timedelta(seconds=90)  # after the last sign of life; an open page gives one a minute
SEEN_EVERY = timedelta(seconds=30)  # no more writes than that for signs of life

counsellors = sa.Table(
    "counsellors",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("login", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("created_at", sa.String(20), nullable=False),
    sa.Column("disabled_at", sa.String(20)),
)
sessions = sa.Table(
    "counsellor_sessions",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column(
        "counsellor",
        sa.ForeignKey("counsellors.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("client", sa.String(200), nullable=False),
    sa.Column("created_at", sa.String(20), nullable=False),
    sa.Column("seen_at", sa.String(20), nullable=False),
)

_hasher = PasswordHasher()


class AccountError(ValueError):
    """An account that cannot be made or changed so; `phrase` says why in the console's words."""

    def __init__(self, phrase: str, english: str) -> None:
        super().__init__(english)
        self.phrase = phrase


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A counsellor's account.  `language` is the one their console is in."""

    id: str
    login: str
    name: str
    role: Role
    language: str
    disabled_at: str | None = None

    @property
    def is_lead(self) -> bool:
        return self.role == "lead"

    @property
    def me(self) -> Counsellor:
        """Who acts, as the cases want it."""
        return Counsellor(self.id, self.role)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A counsellor signed in with one browser; `client` is what that calls itself."""

    id: str
    account: Account
    client: str
    created_at: str
    seen_at: str


class Accounts:
    """All counsellors and their sessions, in the store's database.

    `by` is who does it: an account's id, or `operator` for the command line.
    """

    def __init__(self, store: Store) -> None:
        self._run = store._run

    async def add(
        self,
        login: str,
        name: str,
        password: str,
        role: Role = "counsellor",
        language: str = "ko",
        *,
        by: str = OPERATOR,
    ) -> Account:
        """A new counsellor; AccountError where the login is taken or the password too short."""
        login, name = login.strip().casefold(), " ".join(name.split())
        if not login or not name:
            raise AccountError("account.empty", "An account needs a login and a name.")
        if len(login) > 64 or len(name) > 100:
            raise AccountError("account.long", "The login or the name is too long.")
        made = Account(id=uuid.uuid4().hex, login=login, name=name, role=role, language=language)
        row = msgspec.structs.asdict(made) | {
            "password_hash": await _hashed(password),
            "created_at": now(),
        }

        def work(db: Any) -> Account:
            if db.execute(sa.select(counsellors.c.id).filter_by(login=login)).first():
                raise AccountError("account.taken", f"There is already a {login!r}.")
            db.execute(sa.insert(counsellors), row)
            audit.write(db, by, "account.add", subject=made.id)
            return made

        return await self._run(work)

    async def all(self) -> list[Account]:
        """Every counsellor, disabled ones too, by name."""

        def work(db: Any) -> list[Account]:
            asked = sa.select(counsellors).order_by(counsellors.c.name)
            return [_account(row) for row in db.execute(asked).mappings()]

        return await self._run(work)

    async def get(self, account_id: str) -> Account | None:
        return await self._one(counsellors.c.id == account_id)

    async def named(self, login: str) -> Account | None:
        return await self._one(counsellors.c.login == login.strip().casefold())

    async def set_language(self, account_id: str, language: str) -> None:
        here = counsellors.c.id == account_id
        change = sa.update(counsellors).where(here).values(language=language)
        await self._run(lambda db: db.execute(change))

    async def set_role(self, account_id: str, role: Role, *, by: str = OPERATOR) -> None:
        """Another role, from the next page on."""
        await self._change(account_id, by, f"account.{role}", role=role)

    async def set_password(self, account_id: str, password: str, *, by: str = OPERATOR) -> None:
        """A new password, which ends every session; AccountError where it is too short."""
        hashed = await _hashed(password)
        await self._change(account_id, by, "account.password", password_hash=hashed)

    async def disable(self, account_id: str, *, by: str = OPERATOR) -> None:
        """Let nobody sign in with this account, and end its sessions."""
        await self._change(account_id, by, "account.disable", disabled_at=now())

    async def enable(self, account_id: str, *, by: str = OPERATOR) -> None:
        """Let its owner sign in again."""
        await self._change(account_id, by, "account.enable", disabled_at=None)

    async def check(self, login: str, password: str) -> Account | None:
        """Whose login and password these are; None where they are wrong or disabled."""

        def work(db: Any) -> Any:
            asked = sa.select(counsellors).filter_by(login=login.strip().casefold())
            return db.execute(asked).mappings().first()

        row = await self._run(work)
        # Where there is no such login it takes as long as where there is.
        right = await _matches(row["password_hash"] if row else _nobody(), password)
        return _account(row) if row and right and row["disabled_at"] is None else None

    async def sign_in(self, account: Account, client: str) -> str:
        """A new session; its token, which is stored nowhere."""
        token = secrets.token_urlsafe(32)
        row = {
            "token_hash": _hash(token),
            "id": uuid.uuid4().hex,
            "counsellor": account.id,
            "client": client[:200],
            "created_at": now(),
            "seen_at": now(),
        }

        def work(db: Any) -> None:
            db.execute(sa.delete(sessions).where(sa.not_(_alive())))
            db.execute(sa.insert(sessions), row)
            audit.write(db, account.id, "sign_in", subject=row["id"])

        await self._run(work)
        return token

    async def session(self, token: str) -> Session | None:
        """The session of a token, as long as it lives; a sign of life is noted."""
        seen = as_text(_ago(SEEN_EVERY))

        def work(db: Any) -> Session | None:
            here = sa.and_(sessions.c.token_hash == _hash(token), _alive())
            found = _sessions(db, here)
            if found and found[0].seen_at < seen:
                db.execute(sa.update(sessions).where(here).values(seen_at=now()))
            return found[0] if found else None

        return await self._run(work)

    async def sessions_of(self, account_id: str) -> list[Session]:
        """Where somebody is signed in, the newest first."""
        here = sa.and_(sessions.c.counsellor == account_id, _alive())
        return await self._run(lambda db: _sessions(db, here))

    async def sign_out(self, session_id: str, account_id: str) -> None:
        """End one session of an account."""

        def work(db: Any) -> None:
            here = sa.and_(sessions.c.id == session_id, sessions.c.counsellor == account_id)
            if db.execute(sa.delete(sessions).where(here)).rowcount:
                audit.write(db, account_id, "sign_out", subject=session_id)

        await self._run(work)

    async def online(self) -> list[Account]:
        """Who has a page of the console open now, by name."""
        here = sa.and_(_alive(), sessions.c.seen_at >= as_text(_ago(ONLINE_FOR)))
        found = await self._run(lambda db: _sessions(db, here))
        by_id = {session.account.id: session.account for session in found}
        return sorted(by_id.values(), key=lambda account: account.name)

    async def _change(self, account_id: str, by: str, action: str, **values: object) -> None:
        """Change an account, and end its sessions where that changes who may use it."""

        def work(db: Any) -> None:
            here = counsellors.c.id == account_id
            db.execute(sa.update(counsellors).where(here).values(values))
            if "role" not in values:
                db.execute(sa.delete(sessions).filter_by(counsellor=account_id))
            audit.write(db, by, action, subject=account_id)

        await self._run(work)

    async def _one(self, here: Any) -> Account | None:
        def work(db: Any) -> Account | None:
            row = db.execute(sa.select(counsellors).where(here)).mappings().first()
            return _account(row) if row else None

        return await self._run(work)


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(
            "account.short",
            f"A password has at least {SHORTEST_PASSWORD} characters; a short sentence is good.",
        )
    # It takes a good deal of a tenth of a second on purpose: not on the loop.
    return await asyncio.to_thread(_hasher.hash, password)


async def _matches(hashed: str, password: str) -> bool:
    try:
        return await asyncio.to_thread(_hasher.verify, hashed, password)
    except VerifyMismatchError:
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def _alive() -> Any:
    return sa.and_(
        sessions.c.created_at >= as_text(_ago(SESSION_KEEPS)),
        sessions.c.seen_at >= as_text(_ago(IDLE_KEEPS)),
    )


def _sessions(db: Any, here: Any) -> list[Session]:
    asked = sa.select(sessions, counsellors).join(counsellors).where(here)
    return [
        Session(
            id=row[sessions.c.id],
            account=_account(row),
            client=row[sessions.c.client],
            created_at=row[sessions.c.created_at],
            seen_at=row[sessions.c.seen_at],
        )
        for row in db.execute(asked.order_by(sessions.c.seen_at.desc())).mappings()
    ]


def _account(values: Mapping[Any, Any]) -> Account:
    columns = (counsellors.c[name] for name in Account.__struct_fields__)
    return Account(**{column.name: values[column] for column in columns})


def _ago(length: timedelta) -> datetime:
    return datetime.now(timezone.utc) - length


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
