"""The page in Chromium: what a person does, with the mouse, the keyboard and on a phone.

Each test leaves a screenshot in tests/artefacts/.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.tasklist import Tasklist

pytestmark = pytest.mark.browser

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Watch:
    """What must not happen on any page: a file of another host, an error in the console."""

    def __init__(self, page: Page, url: str) -> None:
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(url) else self.foreign.append(request.url)
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda line: (
                self.errors.append(line.text)
                if line.type == "error" and "Failed to load resource" not in line.text
                else None
            ),
        )


@pytest.fixture
def page(
    browser: Browser, client: httpx.Client, tasklist: Tasklist, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The page, loaded; it takes a screenshot at the end. `params` are the context's options."""
    context = browser.new_context(
        base_url=tasklist.url,
        **getattr(request, "param", {"viewport": {"width": 900, "height": 760}}),
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    watch = Watch(page, tasklist.url)
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    yield page
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(
        animations="disabled",
        path=ARTEFACTS / f"{re.sub(r'[^a-z0-9]+', '-', request.node.name)}.png",
    )
    context.close()
    assert watch.foreign == []
    assert watch.errors == []


def rows(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("#list > li")


def titles(client: httpx.Client) -> list[str]:
    return [task["title"] for task in client.get("/api/task/").json()]


def test_add_with_the_keyboard_alone(page: Page, client: httpx.Client) -> None:
    expect(page.get_by_label("New task")).to_be_focused()
    page.keyboard.type("Buy milk")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_label("New task")).to_have_value("")
    expect(page.get_by_label("New task")).to_be_focused()
    expect(page.locator("#summary")).to_have_text("4 to do, 0 done")
    assert titles(client)[-1] == "Buy milk"


def test_complete_and_filter(page: Page, client: httpx.Client) -> None:
    page.get_by_role("checkbox", name="2nd Task").check()
    expect(page.locator("#summary")).to_have_text("2 to do, 1 done")
    assert client.get("/api/task/2/").json()["complete"] is True
    page.get_by_role("button", name="To do").click()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Done").click()
    expect(rows(page)).to_have_text(re.compile("2nd Task"))
    page.reload()
    expect(page.get_by_role("checkbox", name="2nd Task")).to_be_checked()


def test_edit_and_cancel(page: Page, client: httpx.Client) -> None:
    page.get_by_role("button", name="Edit: 1st Task").click()
    field = page.get_by_role("textbox", name="Title")
    expect(field).to_be_focused()
    field.fill("Not this")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Edit: 1st Task")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value("1st Task")
    field.fill("First of all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="First of all")).to_be_visible()
    assert titles(client)[0] == "First of all"


def test_reorder_by_priority(page: Page, client: httpx.Client) -> None:
    sooner = page.get_by_role("button", name="Do sooner: 3rd Task")
    for priority in (1, 0, -1):
        sooner.click()
        expect(page.locator("li", has_text="3rd Task").locator(".badge")).to_have_text(
            str(priority)
        )
    expect(rows(page).first).to_contain_text("3rd Task")
    expect(sooner).to_be_focused()
    assert client.get("/api/task/3/").json()["priority"] == -1


def test_delete_and_undo(page: Page, client: httpx.Client) -> None:
    page.get_by_role("button", name="Delete: 2nd Task").click()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Delete: 3rd Task")).to_be_focused()
    assert titles(client) == ["1st Task", "3rd Task"]
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(1)).to_contain_text("2nd Task")
    assert sorted(titles(client)) == ["1st Task", "2nd Task", "3rd Task"]


@pytest.mark.parametrize(
    ("title", "priority", "says"),
    [
        ("x" * 1001, "0", "at most 1000 characters"),
        ("fine", "soon", "priority must be a whole number"),
        ("fine", "99999999999", "2147483647"),
    ],
    ids=["title", "word", "number"],
)
def test_what_is_refused_is_said_and_stays(
    page: Page, client: httpx.Client, title: str, priority: str, says: str
) -> None:
    page.get_by_label("New task").fill(title)
    page.locator("#priority").fill(priority)
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#refused")).to_contain_text(says)
    expect(page.get_by_label("New task")).to_have_value(title)
    expect(page.locator("#priority")).to_have_value(priority)
    assert len(titles(client)) == 3


def test_a_server_that_cannot_be_reached_loses_nothing(page: Page, client: httpx.Client) -> None:
    page.get_by_label("New task").fill("Typed on a train")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    expect(page.get_by_label("New task")).to_have_value("Typed on a train")
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(4)
    expect(page.locator("#trouble")).to_be_hidden()
    assert titles(client)[-1] == "Typed on a train"


def test_markup_is_only_text(page: Page, client: httpx.Client) -> None:
    title = '<img src=x onerror="document.title=\'gone\'"><b>bold</b> & "quoted"'
    page.get_by_label("New task").fill(title)
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name=title)).to_be_visible()
    assert page.title() == "Tasks"
    assert titles(client)[-1] == title


def test_what_another_browser_changes_appears_and_an_open_edit_stays(
    page: Page, client: httpx.Client
) -> None:
    page.get_by_role("button", name="Edit: 1st Task").click()
    page.get_by_role("textbox", name="Title").fill("half typed")
    client.post("/api/task/", json={"title": "From elsewhere"})
    client.delete("/api/task/2/")
    expect(page.get_by_role("checkbox", name="From elsewhere")).to_be_visible()
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("textbox", name="Title")).to_have_value("half typed")


PHONE = {
    "viewport": {"width": 375, "height": 700},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "color_scheme": "dark",
}


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["dark"])
def test_on_a_phone_in_the_dark(page: Page, client: httpx.Client) -> None:
    long = "A task whose title is long, with averyveryveryverylongwordthatfitsonnophone" * 2
    client.patch("/api/task/1/", json={"title": long})
    client.patch("/api/task/2/", json={"complete": True})
    page.reload()
    expect(rows(page)).to_have_count(3)
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, "the page must not scroll sideways"
    small = page.evaluate(
        """[...document.querySelectorAll('button')].filter(b => b.offsetParent)
        .map(b => [b.ariaLabel || b.textContent, b.getBoundingClientRect()])
        .filter(([, r]) => r.height < 36 || r.width < 36).map(([name]) => name)"""
    )
    assert small == [], "a finger needs room"
    page.get_by_role("checkbox", name="3rd Task").tap()
    expect(page.locator("#summary")).to_have_text("1 to do, 2 done")


def test_the_apis_page_lists_and_tries_operations(page: Page) -> None:
    page.goto("/swagger/")
    operation = page.locator("details", has_text="List the tasks")
    operation.locator("summary").click()
    operation.get_by_role("button", name="Send").click()
    expect(operation.locator("pre")).to_contain_text("1st Task")
    expect(page.locator(".method")).not_to_have_count(0)
