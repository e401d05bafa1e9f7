"""The inspector: what a session is, and everything that happens to it, as it happens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support.browser import Browser
from tests.support.server import Server


@pytest.fixture
def inspector(visitor: Visitor, app: Server) -> Page:
    """The inspector of a user who is signed in nowhere else."""
    elsewhere = Browser(app)
    elsewhere.log_in()
    body = {"csrfToken": elsewhere.csrf(), "all": True}
    assert elsewhere.post("/api/auth/sessions/revoke", json=body).is_success
    page = visitor.logged_in("/inspector")
    expect(devices(page)).to_have_count(1)
    return page


def devices(page: Page) -> Locator:
    return page.locator(".device-list > .device")


def steps(page: Page) -> Locator:
    return page.locator(".timeline-list > li[data-rev]")


def face(page: Page, name: str) -> Locator:
    return page.locator(f"[data-representation={name}]")


def test_the_anatomy_reads_the_token_without_showing_it(visitor: Visitor, inspector: Page) -> None:
    claims = inspector.get_by_role("region", name="Claims")
    expect(claims.get_by_role("row", name="sub")).to_contain_text("john_doe")
    expect(claims.get_by_role("row", name="sub")).to_contain_text("subject: the user's id")
    expect(claims.get_by_role("row", name="exp")).to_contain_text(re.compile(r"in (29|30) days"))
    anatomy = inspector.get_by_test_id("token_details")
    for part in ("Header", "Payload", "Signature"):
        expect(anatomy.get_by_role("region", name=part, exact=True)).to_be_visible()
    expect(anatomy).to_contain_text("Signature verified")
    expect(anatomy.locator("[data-fact=algorithm]")).to_have_text("HS256")
    expect(anatomy.locator("[data-fact=size]")).to_contain_text("of at most 3072 bytes")
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        expect(anatomy.locator("[data-fact=attributes]")).to_contain_text(attribute)
    expect(inspector.get_by_test_id("countdown")).to_contain_text("29 d")
    assert visitor.cookie().rpartition(".")[2] not in inspector.content()


def test_each_step_says_who_caused_it_from_where_and_what_it_changed(
    visitor: Visitor, inspector: Page
) -> None:
    home = visitor.open("/")
    click(home, "Server Side Update")
    expect(steps(inspector)).to_have_count(2)
    newest = steps(inspector).first
    expect(newest).to_contain_text("rev 2")
    expect(newest).to_contain_text("Server update")
    expect(newest).to_contain_text(re.compile(r"tab [a-z2-9]{4} · \w*Chrome"))
    expect(newest.get_by_role("deletion")).to_have_text("John Doe")
    expect(newest.get_by_role("insertion")).to_have_text("Serverserver-man")
    click(home, "Client Side Update")
    expect(steps(inspector).first).to_contain_text("Client update")
    expect(steps(inspector).first).to_contain_text(re.compile("tab [a-z2-9]{4}"))
    expect(steps(inspector).last).to_contain_text("Sign-in")


def test_timeline_shows_changes_of_another_browser_at_once(
    inspector: Page, second_device: Visitor
) -> None:
    phone = second_device.logged_in("/client")
    expect(steps(inspector)).to_have_count(2)
    click(phone, "Client Side Update")
    expect(steps(inspector)).to_have_count(3)
    expect(steps(inspector).first).to_contain_text("another session, rev 2")
    expect(steps(inspector).first).to_contain_text("Client-Man")


def test_an_http_client_is_known_by_its_name(visitor: Visitor, inspector: Page) -> None:
    request = visitor.context.request
    token = request.get(visitor.url + "/api/auth/csrf").json()["csrfToken"]
    request.post(
        visitor.url + "/api/auth/session",
        data={"csrfToken": token, "data": {"name": "Ada"}},
        headers={"User-Agent": "curl/8.1"},
    )
    expect(steps(inspector).first).to_contain_text("curl 8")
    expect(steps(inspector).first).not_to_contain_text("tab")


def test_two_revisions_can_be_compared_by_keyboard(visitor: Visitor, inspector: Page) -> None:
    client = visitor.open("/client")
    click(client, "Client Side Update")
    expect(steps(inspector)).to_have_count(2)
    click(visitor.open("/"), "Server Side Update")
    expect(steps(inspector)).to_have_count(3)
    difference = inspector.get_by_test_id("difference")
    expect(difference).to_have_text(re.compile("Choose a revision"))
    newest = steps(inspector).first.get_by_role("button")
    newest.focus()
    newest.press("Enter")
    expect(newest).to_have_attribute("aria-pressed", "true")
    expect(difference.get_by_role("deletion")).to_have_text("Client-Man")
    earlier, later = difference.get_by_role("combobox").all()
    earlier.select_option(index=0)
    expect(difference.get_by_role("deletion")).to_have_text("John Doe")
    expect(difference.get_by_role("insertion")).to_have_text("Serverserver-man")
    later.select_option(index=0)
    expect(difference).to_contain_text("These two don't differ.")


def test_a_click_on_the_chart_shows_what_a_revision_changed(
    visitor: Visitor, inspector: Page
) -> None:
    click(visitor.open("/"), "Server Side Update")
    marks = inspector.get_by_role("listbox", name="Timeline").get_by_role("option")
    marks.filter(has=inspector.locator("circle")).and_(
        inspector.get_by_role("option", name="Server update")
    ).click()
    difference = inspector.get_by_test_id("difference")
    expect(difference.get_by_role("insertion")).to_have_text("Serverserver-man")


def test_the_cookie_lags_and_catches_up(
    visitor: Visitor, inspector: Page, second_device: Visitor
) -> None:
    """A change of role by an administrator reaches no cookie by itself."""
    second_device.logged_in("/", account="jane_admin")
    people = second_device.open("/admin")
    is_connected(people)
    john = people.get_by_role("listitem").filter(has_text="john_doe")
    expect(face(inspector, "json")).to_have_text("rev 1")
    john.get_by_role("button", name="Make admin").click()
    expect(face(inspector, "view")).to_have_text("rev 2")
    expect(face(inspector, "token")).to_have_text("rev 1")
    expect(face(inspector, "json")).to_have_text("rev 1")
    faces = inspector.get_by_test_id("representations")
    expect(faces.get_by_text("1 behind")).to_have_count(2)
    expect(steps(inspector).first).to_contain_text("Background refresh")
    faces.get_by_role("button", name="Read the JSON Now").click()
    for name in ("token", "json", "view"):
        expect(face(inspector, name)).to_have_text("rev 2")
    expect(faces.get_by_role("status")).to_contain_text("has caught up")
    expect(inspector.locator("[data-claim=rev]")).to_have_text("2")
    john.get_by_role("button", name="Make user").click()


def test_the_token_is_read_once_for_each_revision_and_nothing_polls(
    visitor: Visitor, inspector: Page
) -> None:
    asked = reads(inspector)
    client = visitor.open("/client")
    is_connected(client)
    assert asked == []
    click(client, "Client Side Update")
    expect(face(inspector, "token")).to_have_text("rev 2")
    expect(inspector.locator("[data-claim=rev]")).to_have_text("2")
    assert 1 <= len(asked) <= 2, asked
    assert {url.rpartition("/")[2] for url in asked} == {"token"}


EAVESDROPPER = """
  window.said = [];
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    said.push(message);
    postMessage.call(this, message);
  };
"""


def test_tabs_tell_each_other_that_there_is_something_to_read_and_not_what(
    visitor: Visitor, inspector: Page
) -> None:
    visitor.context.add_init_script(EAVESDROPPER)
    home = visitor.open("/")
    click(home, "Server Side Update")
    expect(face(inspector, "json")).to_have_text("rev 2")
    expect(face(inspector, "token")).to_have_text("rev 2")
    inspector.reload()
    click(inspector, "Read the JSON Now")
    wait_until(lambda: said(inspector))
    assert {*said(home), *said(inspector)} == {None}


def test_an_inspector_that_was_left_reads_nothing_more(visitor: Visitor, inspector: Page) -> None:
    other = visitor.open("/inspector")
    expect(face(other, "json")).to_have_text("rev 1")
    inspector.get_by_role("link", name="Client", exact=True).click()
    expect(field_of(inspector, "rev")).to_have_text("1")
    asked = reads(inspector)
    click(visitor.open("/"), "Server Side Update")
    expect(face(other, "json")).to_have_text("rev 2")
    expect(field_of(inspector, "rev")).to_have_text("2")
    assert asked == []


def test_a_token_that_could_not_be_read_is_read_once_more(visitor: Visitor) -> None:
    visitor.tolerates(re.compile("503"))
    visitor.context.clock.install()
    tab = visitor.logged_in("/client")
    failed: list[str] = []

    def fail(route: Route) -> None:
        failed.append(route.request.url)
        route.fulfill(status=503, json={})

    tab.route("**/api/auth/token", fail)
    tab.get_by_role("link", name="Inspector", exact=True).click()
    expect(face(tab, "json")).to_have_text("rev 1")
    wait_until(lambda: tab.evaluate("true") and failed)
    tab.unroute("**/api/auth/token")
    tab.clock.fast_forward(10_000)
    expect(face(tab, "token")).to_have_text("rev 1")


def test_a_click_into_a_dialog_leaves_it_open_and_one_beside_it_closes_it(
    inspector: Page,
) -> None:
    click(inspector, "End All")
    dialog = inspector.get_by_role("dialog")
    box = dialog.bounding_box()
    assert box
    inspector.mouse.click(box["x"] + 4, box["y"] + 4)
    expect(dialog).to_have_count(1)
    inspector.mouse.click(box["x"] - 4, box["y"] + 4)
    expect(dialog).to_have_count(0)


def test_open_tabs_are_counted_live(visitor: Visitor, inspector: Page) -> None:
    count = inspector.get_by_test_id("tab-count")
    expect(count).to_have_text("1")
    other = visitor.open("/client")
    expect(count).to_have_text("2")
    expect(devices(inspector)).to_contain_text("this tab")
    other.close()
    expect(count).to_have_text("1")


def test_another_session_is_ended_after_a_question(inspector: Page, second_device: Visitor) -> None:
    phone = second_device.logged_in("/client")
    expect(devices(inspector)).to_have_count(2)
    other = devices(inspector).filter(has_not_text="this session")
    button = other.get_by_role("button", name="End Session")
    expect(button).to_have_accessible_description(other.locator("strong").inner_text())
    button.click()
    dialog = inspector.get_by_role("dialog")
    expect(dialog).to_contain_text("End the session on")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    inspector.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    expect(devices(inspector)).to_have_count(2)
    button.click()
    dialog.get_by_role("button", name="End Session").click()
    expect(devices(inspector)).to_have_count(1)
    expect(inspector.get_by_role("heading", name="Devices")).to_be_focused()
    phone.wait_for_url(re.compile("/login"))


def test_all_sessions_are_ended_this_one_too(inspector: Page, second_device: Visitor) -> None:
    phone = second_device.logged_in("/")
    click(inspector, "End All")
    inspector.get_by_role("dialog").get_by_role("button", name="End All").click()
    for page in (inspector, phone):
        page.wait_for_url(re.compile("/login"))


def test_leaving_the_page_by_a_link_and_coming_back_goes_on(
    visitor: Visitor, inspector: Page
) -> None:
    inspector.get_by_role("link", name="Client", exact=True).click()
    expect(field_of(inspector, "name")).to_have_text("John Doe")
    click(inspector, "Client Side Update")
    expect(field_of(inspector, "name")).to_have_text("Client-Man")
    inspector.get_by_role("link", name="Inspector", exact=True).click()
    expect(steps(inspector).first).to_contain_text("Client-Man")
    wait_until(lambda: visitor.complaints == [])


def test_device_gets_a_name_on_all_devices(inspector: Page, second_device: Visitor) -> None:
    phone = second_device.logged_in("/inspector")
    own = devices(phone).filter(has_text="this session")
    own.get_by_role("button", name="Rename").click()
    phone.get_by_label("Name of the device").fill("My phone")
    click(phone, "Save")
    expect(devices(phone).filter(has_text="My phone")).to_contain_text("this session")
    expect(devices(inspector).filter(has_text="My phone")).to_have_count(1)


def reads(tab: Page) -> list[str]:
    """List what the scripts of a tab ask for from now on; the browser asks for icons as well."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type in ("fetch", "xhr"):
            asked.append(request.url)

    tab.on("request", note)
    return asked


def said(tab: Page) -> list[object]:
    """List what a tab has said to the others."""
    messages: list[object] = tab.evaluate("said")
    return messages
