"""Nothing is lost and nothing comes twice: reload, restart, offline, no sockets, dead sockets."""

from __future__ import annotations

from playwright.async_api import Page, expect

from .conftest import OpenPage
from .desk_page import ask, bubbles, shown, write
from .recorded_desk import RecordedDesk

IDS = "document.querySelector('ieum-desk').shadowRoot.querySelectorAll('article').length"
SLOW = 30_000  # milliseconds, for what waits until a pause between two tries is over


async def conversed(page: Page) -> None:
    await ask(page, "one")
    await ask(page, "two")


async def test_reload_keeps_history_and_unsent_text(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "question")
    await page.get_by_role("button", name="Separated").click()
    await expect(bubbles(page, "desk")).to_have_count(3)
    before = await shown(page)
    await page.locator("ieum-desk textarea").fill("half a sent")
    await page.reload()
    await expect(bubbles(page)).to_have_count(len(before))
    assert await shown(page) == before
    await expect(page.locator("ieum-desk textarea")).to_have_value("half a sent")
    await expect(page.get_by_role("button", name="Separated", exact=True)).to_be_disabled()
    assert len(recorded.conversations) == 1


async def test_a_message_written_while_the_desk_restarts_arrives_once(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await conversed(page)
    await recorded.stop()
    await write(page, "three")
    await expect(page.locator("ieum-desk .state")).to_contain_text("No connection", timeout=SLOW)
    await expect(bubbles(page, "applicant").last).to_have_class("applicant waiting")
    await recorded.start()
    await expect(bubbles(page, "desk")).to_have_count(4, timeout=SLOW)
    await expect(page.locator("ieum-desk .waiting")).to_have_count(0)
    await expect(page.locator("ieum-desk .state")).to_be_hidden()
    assert [said["text"] for said in recorded.said] == ["one", "two", "three"]
    assert (await shown(page))[-2:] == ["three", "I heard: three"]


async def test_a_message_written_offline_survives_a_reload(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await conversed(page)
    await recorded.stop()
    await write(page, "three")
    await expect(page.locator("ieum-desk .state")).to_contain_text("No connection", timeout=SLOW)
    await recorded.start()
    recorded.sockets_allowed = False
    await page.reload()
    await expect(bubbles(page, "desk")).to_have_count(4, timeout=SLOW)
    assert [said["text"] for said in recorded.said] == ["one", "two", "three"]
    assert (await shown(page)).count("three") == 1


async def test_offline_and_back(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    await conversed(page)
    await page.context.set_offline(True)
    await recorded.push("counsellor")
    await write(page, "three")
    await expect(page.locator("ieum-desk .state")).to_contain_text("No connection", timeout=SLOW)
    await page.context.set_offline(False)
    await expect(bubbles(page, "desk")).to_have_count(4, timeout=SLOW)
    await expect(bubbles(page, "counsellor")).to_have_count(1)
    assert [said["text"] for said in recorded.said] == ["one", "two", "three"]


async def test_what_came_meanwhile_is_caught_up(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await conversed(page)
    await recorded.stop()
    await recorded.push("counsellor")
    await recorded.start()
    await expect(bubbles(page, "counsellor")).to_have_count(1, timeout=SLOW)
    await expect(bubbles(page)).to_have_count(6)


async def test_without_sockets_it_polls(open_page: OpenPage, recorded: RecordedDesk) -> None:
    recorded.sockets_allowed = False
    page = await open_page()
    await conversed(page)
    await recorded.push("counsellor")
    await expect(bubbles(page, "counsellor")).to_have_count(1)
    await expect(bubbles(page)).to_have_count(6)
    assert [said["text"] for said in recorded.said] == ["one", "two"]


async def test_a_dead_connection_is_noticed(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    await conversed(page)
    before = await shown(page)
    recorded.mute = True
    await page.clock.install()
    await page.reload()
    await recorded.swallowed.wait()
    recorded.mute = False
    await page.clock.fast_forward("01:00")
    await expect(bubbles(page)).to_have_count(len(before), timeout=SLOW)
    assert await shown(page) == before


async def test_a_dead_socket_is_noticed(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    await ask(page, "one")
    recorded.deaf = True
    await write(page, "two")
    await recorded.swallowed.wait()
    await expect(page.locator("ieum-desk .waiting")).to_have_count(1)
    recorded.deaf = False  # the lost frame is not heard later; a new socket has to bring it
    await expect(bubbles(page, "desk")).to_have_count(3, timeout=SLOW)
    assert [said["text"] for said in recorded.said] == ["one", "two"]


async def test_two_tabs_are_one_conversation(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    await ask(page, "one")
    other = await page.context.new_page()
    await other.goto(recorded.url)
    await other.locator("ieum-desk .launcher").click()
    await expect(bubbles(other)).to_have_count(3)
    await ask(other, "two")
    await expect(bubbles(page)).to_have_count(5)
    assert await shown(page) == await shown(other)
    assert len(recorded.conversations) == 1


async def close(page: Page) -> None:
    await page.get_by_role("button", name="Close").click()


async def test_what_comes_while_the_window_is_closed_is_marked_unread(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "one")
    await close(page)
    mark, launcher = page.locator("ieum-desk .unread"), page.locator("ieum-desk .launcher")
    await expect(mark).to_be_hidden()
    await recorded.push("counsellor")
    await recorded.push("plain")
    await expect(mark).to_have_text("2")
    await expect(launcher).to_have_accessible_description("New messages: 2")
    await expect(page.locator("ieum-desk [role=status]").first).to_be_attached()
    await page.reload()
    await expect(mark).to_have_text("2")
    await launcher.click()
    await expect(mark).to_be_hidden()
    await expect(bubbles(page)).to_have_count(5)
    await close(page)
    await page.reload()
    await expect(launcher).to_be_visible()
    await recorded.push("plain")
    await expect(mark).to_have_text("1")


async def test_read_in_one_tab_is_read_in_the_other(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "one")
    other = await page.context.new_page()
    await other.goto(recorded.url)
    await close(page)
    await recorded.push("counsellor")
    for tab in (page, other):
        await expect(tab.locator("ieum-desk .unread")).to_have_text("1")
    await other.locator("ieum-desk .launcher").click()
    await expect(page.locator("ieum-desk .unread")).to_be_hidden()


async def test_a_closed_window_begins_no_conversation(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "one")
    await close(page)
    await page.goto("about:blank")
    recorded.conversations.clear()
    recorded.seen.clear()
    await page.goto(recorded.url)
    await page.wait_for_function("!/token/.test(JSON.stringify(localStorage))")  # it is gone
    assert recorded.conversations == {}
    await page.locator("ieum-desk .launcher").click()
    await expect(page.locator("ieum-desk .remark")).to_contain_text("no longer stored")
    await expect(bubbles(page)).to_have_count(1)


async def test_five_hundred_messages(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    await ask(page, "one")
    for turn in range(249):
        await recorded.push("question" if turn % 10 else "verdict")
        await recorded.push("counsellor")
    await expect(bubbles(page)).to_have_count(501, timeout=SLOW)
    assert await page.evaluate(IDS) == 501
    before = await shown(page)
    await page.reload()
    await expect(bubbles(page)).to_have_count(501, timeout=SLOW)
    assert await shown(page) == before
    await expect(bubbles(page).last).to_be_in_viewport()
    answer = await ask(page, "two")
    await expect(answer).to_be_in_viewport()
    await expect(answer).to_contain_text("I heard: two")


async def test_a_slow_network(open_page: OpenPage, recorded: RecordedDesk) -> None:
    recorded.sockets_allowed = False  # Chromium slows down requests, and no sockets
    page = await open_page()
    network = await page.context.new_cdp_session(page)
    slow = {"latency": 1500, "downloadThroughput": 6000, "uploadThroughput": 3000}
    await network.send("Network.enable")
    await network.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    await page.reload(timeout=2 * SLOW)
    await bubbles(page).first.wait_for(timeout=2 * SLOW)
    for text in ("one", "two", "verdict"):
        await write(page, text)
    await expect(bubbles(page, "applicant")).to_have_count(3)
    await expect(page.locator("ieum-desk .waiting").last).to_be_visible()
    await expect(bubbles(page, "desk")).to_have_count(4, timeout=3 * SLOW)
    await expect(page.locator("ieum-desk .waiting")).to_have_count(0)
    assert [said["text"] for said in recorded.said] == ["one", "two", "verdict"]


async def test_a_message_the_desk_refuses_comes_back_to_be_changed(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await write(page, "too much")
    remark = page.locator("ieum-desk .remark")
    await expect(remark).to_have_text("That is too much for one message.")
    await expect(page.locator("ieum-desk textarea")).to_have_value("too much")
    await expect(bubbles(page, "applicant")).to_have_count(0)
    await ask(page, "less")
    assert [said["text"] for said in recorded.said] == ["less"]


async def test_a_conversation_that_is_gone_begins_anew(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "one")
    await page.goto("about:blank")  # or the open window would notice first, and begin anew itself
    recorded.conversations.clear()
    await page.goto(recorded.url)
    await expect(page.locator("ieum-desk .remark")).to_contain_text("no longer stored")
    await expect(bubbles(page)).to_have_count(1)
    await ask(page, "two")
    assert len(recorded.conversations) == 1


async def test_delete_my_data_asks_and_then_erases(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "verdict")
    await page.get_by_role("checkbox").first.check()
    await page.get_by_role("button", name="Delete my data").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(bubbles(page)).to_have_count(3)
    await page.get_by_role("button", name="Delete my data").click()
    await page.get_by_role("button", name="Delete everything").click()
    await expect(page.locator("ieum-desk .log")).to_contain_text("is deleted")
    await expect(bubbles(page)).to_have_count(0)
    assert recorded.conversations == {}
    kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert "token" not in kept
    assert "passport" not in kept
    begin = page.get_by_role("button", name="Start a new conversation")
    await expect(begin).to_be_focused()
    await begin.click()
    await expect(bubbles(page)).to_have_count(1)
    assert len(recorded.conversations) == 1


async def test_deleting_while_the_desk_is_away_says_so_and_deletes_nothing(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await ask(page, "one")
    await recorded.stop()
    await page.get_by_role("button", name="Delete my data").click()
    await page.get_by_role("button", name="Delete everything").click()
    await expect(page.get_by_role("dialog").last).to_contain_text("Nothing is deleted yet")
    await recorded.start()
    await page.get_by_role("button", name="Keep it").click()
    await ask(page, "two")
    await expect(bubbles(page)).to_have_count(5)


async def test_talk_to_a_person(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Talk to a person").click()
    await expect(bubbles(page, "applicant")).to_have_count(1)
    assert recorded.said[0]["choice"] == "act:human"


async def test_the_language_is_guessed_and_can_be_chosen(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page(locale="ko-KR")
    await expect(page.locator("ieum-desk select")).to_have_value("ko")
    assert "language" not in recorded.opened[0]  # a guess, which what the person writes overrules
    await expect(bubbles(page).first).to_contain_text("안녕하세요")
    await page.locator("ieum-desk select").select_option("ja")
    await expect(bubbles(page, "desk").last).to_contain_text("こんにちは")
    assert recorded.said[0]["choice"] == "language:ja"
    await page.reload()
    await expect(page.locator("ieum-desk select")).to_have_value("ja")
    assert await page.locator("ieum-desk option").all_inner_texts() == [
        *("English", "한국어", "日本語", "中文", "Tiếng Việt", "Русский", "ไทย", "Монгол"),
        *("Oʻzbekcha", "Filipino", "မြန်မာ", "ខ្មែរ", "Bahasa Indonesia", "नेपाली"),
    ]


async def test_the_page_links_open_the_desk_in_a_language(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Close").click()
    await page.locator("#content").get_by_role("link", name="日本語").click()
    await expect(page.locator("ieum-desk .panel")).to_be_visible()
    await expect(page.locator("ieum-desk select")).to_have_value("ja")


async def test_nothing_is_loaded_from_elsewhere(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    await page.reload()
    await ask(page, "verdict")
    assert [url for url in elsewhere if not url.startswith(recorded.url)] == []
    assert len(elsewhere) > 5
