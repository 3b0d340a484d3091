"""The site of the whole base: complete, linked, escaped, readable in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser

from knowledge.base import KnowledgeBase
from knowledge.catalogue import Catalogue
from knowledge.coverage import Coverage
from knowledge.schema import Service
from knowledge.site import write_site
from tests.browser.conftest import browser  # noqa: F401 (a fixture)

TODAY = date(2026, 11, 21)
LANGUAGES = ("en", "ko")
LARGEST = [
    f"{language}/services/{service}.html"
    for language in LANGUAGES
    for service in ("permanent_residence.f5_2", "d4_3.status_change", "d4_6.institution")
]


class Page(HTMLParser):
    """The links, the ids and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.ids.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(base: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    first = write_site(base, folder, TODAY, languages=LANGUAGES)
    assert first == folder / "en" / "index.html"
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def links(pages: dict[Path, Page]) -> Iterator[tuple[Path, Path, str]]:
    """Every link: the page it is on, the file it leads to and the place in it."""
    for path, page in pages.items():
        for link in page.links:
            assert "://" not in link, f"{path}: {link} leads out of the site"
            address, place = urldefrag(link)
            yield path, (path.parent / unquote(address)).resolve() if address else path, place


def test_all_links_resolve(pages: dict[Path, Page]) -> None:
    found = 0
    for path, target, place in links(pages):
        assert target.is_file(), f"{path}: {target} does not exist"
        if place:
            assert place in pages[target].ids, f"{path}: no {place} in {target}"
        found += 1
    assert found > 5000


def test_no_id_stands_twice_on_a_page(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_statement_is_on_its_page(
    base: KnowledgeBase, site: Path, pages: dict[Path, Page], language: str
) -> None:
    catalogue = Catalogue.of(language)
    for service in base.services.values():
        page = pages[site / language / "services" / f"{service.id}.html"]
        assert f"knowledge/base/services/{service.id}.yml" in page.text
        for item in service.items:
            name = f"{service.id}.{item.id}"
            assert item.id in page.ids
            assert catalogue.text(name, item.text) in page.text, name
            for claim in item.claims:
                said = catalogue.text(f"{name}.{claim.cite[0].source}", claim.says)
                assert said in page.text, name
    assert set(base.facts) <= set(pages[site / language / "facts.html"].ids)
    assert set(base.sources) <= set(pages[site / language / "sources.html"].ids)
    assert set(base.contacts) <= set(pages[site / language / "contacts.html"].ids)


def test_every_conflict_is_on_the_page_of_conflicts(
    base: KnowledgeBase, site: Path, pages: dict[Path, Page]
) -> None:
    page = pages[site / "en" / "conflicts.html"]
    disputed = [item for s in base.services.values() for item in s.items if item.claims]
    assert len(disputed) > 10
    for item in disputed:
        assert (item.safe or "") in page.text


def test_the_page_of_coverage_comes_with_a_list_of_facts(
    base: KnowledgeBase, site: Path, tmp_path: Path
) -> None:
    assert not (site / "en" / "coverage.html").exists()
    facts = tmp_path / "facts.yaml"
    facts.write_text(
        "facts:\n- {id: f5b.photo, service: permanent_residence.f5_2, statement: A photo.}\n"
        "- {id: f5b.smile, service: permanent_residence.f5_2, statement: A smile.}\n",
        encoding="utf-8",
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    write_site(base, tmp_path, TODAY, Coverage.of(facts, base, empty), languages=["en"])
    page = Page((tmp_path / "en" / "coverage.html").read_text(encoding="utf-8"))
    assert "permanent_residence.f5_2/photo" in page.text
    assert "A smile." in page.text


def test_values_are_escaped(base: KnowledgeBase, tmp_path: Path) -> None:
    service = base.services["call_centre"]
    text = '<img src=x onerror="alert(1)">'
    changed = Service(
        **{f: getattr(service, f) for f in service.__struct_fields__}
        | {"title": text, "summary": f"{text}</script>"}
    )
    hostile = base._replace(services={service.id: changed})
    write_site(hostile, tmp_path, TODAY, languages=["en"])
    for path in (tmp_path / "en").rglob("*.html"):
        assert "<img" not in path.read_text(encoding="utf-8")
    assert text in Page((tmp_path / "en/index.html").read_text(encoding="utf-8")).text


def test_pages_of_services_that_are_gone_are_gone(base: KnowledgeBase, tmp_path: Path) -> None:
    left = base._replace(services={"call_centre": base.services["call_centre"]})
    write_site(base._replace(services=dict(list(base.services.items())[:2])), tmp_path, TODAY)
    write_site(left, tmp_path, TODAY)
    assert [p.name for p in (tmp_path / "ko/services").iterdir()] == ["call_centre.html"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, site: Path, scheme: str) -> None:  # noqa: F811
    context = await browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    for name in ("en/services/change_report.html", "ko/contacts.html"):
        await page.goto((site / name).as_uri())
        result = await Axe().run(page)
        assert [v["id"] for v in result.response["violations"]] == [], name
    await context.close()


async def test_nothing_is_cut_off(browser: Browser, site: Path) -> None:  # noqa: F811
    """No page scrolls sideways on a telephone, no line of a picture leaves its box."""
    page = await browser.new_page(viewport={"width": 360, "height": 740})
    for name in (LARGEST[0], "ko/services/d4_6.quota.html", "en/index.html", "en/sources.html"):
        await page.goto((site / name).as_uri())
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, name
    await page.set_viewport_size({"width": 1280, "height": 800})
    for name in LARGEST:
        await page.goto((site / name).as_uri())
        over = await page.evaluate(
            "[...document.querySelectorAll('svg.tree text')]"
            ".filter((t) => t.getBBox().x + t.getBBox().width > 824).map((t) => t.textContent)"
        )
        assert over == [], name
    await page.close()


async def test_search_finds_statements(browser: Browser, site: Path) -> None:  # noqa: F811
    page = await browser.new_page()
    await page.goto((site / "en/index.html").as_uri())
    await page.get_by_label("Search all statements").fill("MULTIPLE re-entry")
    link = page.locator(".found a[href*='#']").first
    await link.click()
    assert "/services/" in page.url
    assert "multiple" in (await page.locator(":target").inner_text()).lower()
    await page.close()
