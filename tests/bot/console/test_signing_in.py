"""Who comes in, for how long, and what a form has to show."""

from __future__ import annotations

import re

import pytest

from bot.cases import audit
from bot.console import accounts as timing
from bot.console.accounts import AccountError
from bot.console.signing_in import TRIES_PER_MINUTE
from tests.bot.console.conftest import SignIn
from tests.bot.console.running import PASSWORD, Browser, RunningConsole

ON_BOTH_DATABASES = True


async def test_nobody_sees_a_page_without_signing_in(console: RunningConsole) -> None:
    conversation, _ = await console.person("Giúp tôi với")
    case = await console.case_of(conversation)
    async with Browser(console) as stranger:
        for path in ("/", "/board", "/audit", "/accounts", "/me", f"/cases/{case}"):
            status, text = await stranger.get(path)
            assert status == 200
            assert 'action="/console/sign-in"' in text, path
        for path in ("/events", "/parts/queue", f"/cases/{case}/conversation"):
            status, text = await stranger.get(path, headers={"Sec-Fetch-Mode": "cors"})
            assert status == 401, path
            assert "Giúp" not in text
        assert (await stranger.post(f"/cases/{case}/take"))[0] == 401


async def test_a_wrong_password_a_wrong_login_and_a_barred_account_look_alike(
    console: RunningConsole,
) -> None:
    await console.counsellor("minji")
    jun = await console.counsellor("jun")
    await console.accounts.disable(jun.id)
    async with Browser(console) as browser:
        pages = {
            (await browser.post("/sign-in", login=login, password=password))
            for login, password in (("minji", "wrong"), ("nobody", "wrong"), ("jun", PASSWORD))
        }
    assert len(pages) == 1
    assert {status for status, _ in pages} == {401}


async def test_guessing_passwords_soon_ends(console: RunningConsole) -> None:
    await console.counsellor("minji")
    async with Browser(console) as guesser:
        statuses = [401]
        while statuses[-1] == 401 and len(statuses) < 50 * TRIES_PER_MINUTE:
            statuses.append(await guesser.sign_in("minji", f"guess {len(statuses)}"))
        assert statuses[-1] == 429
        assert len(statuses) > TRIES_PER_MINUTE
        assert await guesser.sign_in("minji") == 429, "the right one, too, waits"


async def test_the_cookie_is_out_of_reach_of_scripts(console: RunningConsole) -> None:
    await console.counsellor("minji")
    async with Browser(console) as browser:
        url = f"{console.url}/console/sign-in"
        form = {"login": "MinJi ", "password": PASSWORD}
        async with browser.session.post(url, data=form, allow_redirects=False) as answer:
            cookie = answer.cookies["ieum-console"]
            assert answer.status == 303
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    token = cookie.value
    stored = await console.store._run(
        lambda db: str(
            db.exec_driver_sql("SELECT * FROM counsellor_sessions, counsellors").fetchall()
        )
    )
    assert token not in stored
    assert PASSWORD not in stored


async def test_the_way_after_signing_in_leads_nowhere_else(console: RunningConsole) -> None:
    await console.counsellor("minji")
    async with Browser(console) as browser:
        for wanted in ("//evil.example", "https://evil.example", "/\\evil.example"):
            form = {"login": "minji", "password": PASSWORD, "next": wanted}
            url = f"{console.url}/console/sign-in"
            async with browser.session.post(url, data=form, allow_redirects=False) as answer:
                assert answer.headers["Location"] == "/console/"


async def test_a_form_without_its_token_or_from_elsewhere_is_refused(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    conversation, _ = await console.person("Giúp tôi với")
    case = await console.case_of(conversation)
    browser = await signed_in("minji")
    right = browser.csrf
    browser.csrf = "0" * 64
    assert (await browser.post(f"/cases/{case}/take"))[0] == 403
    browser.csrf = right
    elsewhere = {"Origin": "https://evil.example"}
    assert (await browser.post(f"/cases/{case}/take", headers=elsewhere))[0] == 403
    own_page = {"Origin": "null"}
    assert (await browser.post(f"/cases/{case}/take", headers=own_page))[0] == 403
    found = await console.store.conversation(conversation.id)
    assert found is not None
    assert found.owner is None
    assert (await browser.post(f"/cases/{case}/take", headers={"Origin": console.url}))[0] == 200


async def test_a_session_ends_at_once_when_it_is_ended_elsewhere(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    here, there = await signed_in("minji"), await signed_in("minji")
    others = re.findall(r"/me/sessions/(\w+)/end", (await there.get("/me"))[1])
    assert len(others) == 1, "one's own is not offered"
    await there.post(f"/me/sessions/{others[0]}/end")
    assert 'action="/console/sign-in"' in (await here.get("/"))[1]
    assert 'action="/console/sign-in"' not in (await there.get("/"))[1]


async def test_a_new_password_or_a_barred_account_ends_all_sessions(
    console: RunningConsole, signed_in: SignIn
) -> None:
    account = await console.counsellor("minji")
    browser = await signed_in("minji")
    await console.accounts.set_password(account.id, "another long sentence")
    assert 'action="/console/sign-in"' in (await browser.get("/"))[1]
    assert await browser.sign_in("minji") == 401
    assert await browser.sign_in("minji", "another long sentence") == 200
    await console.accounts.disable(account.id)
    assert 'action="/console/sign-in"' in (await browser.get("/"))[1]


@pytest.mark.parametrize("length", ["SESSION_KEEPS", "IDLE_KEEPS"])
async def test_a_session_ends_by_itself(
    console: RunningConsole, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, length: str
) -> None:
    await console.counsellor("minji")
    browser = await signed_in("minji")
    monkeypatch.setattr(timing, length, -getattr(timing, length))
    assert 'action="/console/sign-in"' in (await browser.get("/"))[1]


async def test_who_changes_their_own_password_has_to_know_it(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    browser = await signed_in("minji")
    wrong = await browser.post("/me/password", old="not mine", new="another long sentence")
    assert wrong[0] == 422
    short = await browser.post("/me/password", old=PASSWORD, new="short")
    assert short[0] == 422
    changed = await browser.post("/me/password", old=PASSWORD, new="another long sentence")
    assert 'action="/console/sign-in"' in changed[1]
    assert await browser.sign_in("minji", "another long sentence") == 200


async def test_two_accounts_do_not_share_a_login(console: RunningConsole) -> None:
    await console.counsellor("minji")
    with pytest.raises(AccountError):
        await console.counsellor("MINJI")


async def test_only_a_lead_comes_to_accounts_board_and_audit_log(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("jun")
    await console.counsellor("minji", role="lead")
    jun, minji = await signed_in("jun"), await signed_in("minji")
    for path in ("/accounts", "/board", "/board.csv", "/audit"):
        assert (await jun.get(path))[0] == 403, path
        assert (await minji.get(path))[0] == 200, path
    form = {"login": "linh", "name": "Linh", "password": PASSWORD, "role": "lead"}
    assert (await jun.post("/accounts", **form))[0] == 403
    assert (await minji.post("/accounts", **form))[0] == 200
    assert await console.accounts.named("linh") is not None


async def test_a_lead_cannot_shut_themselves_out(
    console: RunningConsole, signed_in: SignIn
) -> None:
    lead = await console.counsellor("minji", role="lead")
    minji = await signed_in("minji")
    for change in ("disable", "counsellor"):
        assert (await minji.post(f"/accounts/{lead.id}", change=change))[0] == 422
    account = await console.accounts.get(lead.id)
    assert account is not None
    assert account.is_lead


async def test_signing_in_and_accounts_stand_in_the_audit_log(
    console: RunningConsole, signed_in: SignIn
) -> None:
    lead = await console.counsellor("minji", role="lead")
    jun = await console.counsellor("jun")
    minji = await signed_in("minji")
    await minji.post(f"/accounts/{jun.id}", change="disable")
    await minji.post("/sign-out")
    entries: list[audit.Entry] = await console.cases.audit()
    told = [(entry.actor, entry.action) for entry in entries]
    assert told == [
        (lead.id, "sign_out"),
        (lead.id, "account.disable"),
        (lead.id, "sign_in"),
        ("operator", "account.add"),
        ("operator", "account.add"),
    ]
