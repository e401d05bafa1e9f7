from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, expect

from authdemo.testing import wait_until
from tests.browser import new_context
from tests.e2e.visitor import Visitor, click, field_of, is_connected

STEPS = (
    ("client", "Client Side Update", "Client-Man"),
    ("home", "Client Side Update", "Server-Man"),
    ("home", "Server Side Update", "Serverserver-man"),
)


def test_the_tutorial_step_by_step_in_two_tabs(visitor: Visitor) -> None:
    home = visitor.open("/")
    expect(home).to_have_url(re.compile(r"/login\?callbackUrl=(/|%2F)$"))
    client = visitor.open("/client")
    expect(client).to_have_url(re.compile("/login"))

    visitor.log_in(home)
    home.wait_for_url(visitor.url + "/")
    client.wait_for_url(visitor.url + "/client")
    tabs = {"home": home, "client": client}
    for tab in tabs.values():
        visitor.is_live(tab)
        expect(field_of(tab, "name")).to_have_text("John Doe")

    for rev, (where, button, name) in enumerate(STEPS, start=2):
        click(tabs[where], button)
        for tab in tabs.values():
            expect(field_of(tab, "name")).to_have_text(name)
            expect(field_of(tab, "rev")).to_have_text(str(rev))
        assert f">{name}<" in visitor.context.request.get(visitor.url + "/").text()

    click(home, "Log Out")
    for tab in tabs.values():
        tab.wait_for_url(re.compile("/login"))
        expect(tab.get_by_text("Serverserver-man")).to_have_count(0)


def test_the_cookie_follows_a_server_update(visitor: Visitor) -> None:
    home = visitor.logged_in("/")
    before = visitor.cookie()
    with home.expect_response("**/api/auth/session"):
        click(home, "Server Side Update")
    assert visitor.cookie() != before


def test_the_token_stays_out_of_everything_that_scripts_can_see(visitor: Visitor, app) -> None:
    home = visitor.logged_in("/")
    tokens = {visitor.cookie()}
    for button, name in (
        ("Client Side Update", "Server-Man"),
        ("Server Side Update", "Serverserver-man"),
    ):
        with home.expect_response("**/api/auth/session"):
            click(home, button)
        expect(field_of(home, "name")).to_have_text(name)
        tokens.add(visitor.cookie())
    inspector = visitor.open("/inspector")
    expect(inspector.get_by_test_id("countdown")).to_contain_text("29 d")
    seen = [*map(everything_in, (home, inspector)), *visitor.frames, *visitor.console, app.logged()]
    answers = [visitor.context.request.get(visitor.url + path).text() for path in ("/", "/client")]
    answers += [
        visitor.context.request.get(visitor.url + f"/api/auth/{path}").text()
        for path in ("session", "token", "sessions", "csrf", "providers")
    ]
    for token in tokens:
        signature = token.rpartition(".")[2]
        assert len(signature) > 40
        assert not any(signature in text for text in (*seen, *answers))


def test_another_device_of_the_same_user_is_not_changed_by_an_update(
    visitor: Visitor, second_device: Visitor
) -> None:
    here, there = visitor.logged_in("/client"), second_device.logged_in("/client")
    click(here, "Client Side Update")
    expect(field_of(here, "name")).to_have_text("Client-Man")
    there.reload()
    expect(field_of(there, "name")).to_have_text("John Doe")
    there.close()


def test_a_tab_that_shares_the_cookie_from_elsewhere_follows_too(
    visitor: Visitor, second_device: Visitor
) -> None:
    here = visitor.logged_in("/client")
    second_device.context.add_cookies(visitor.context.cookies())  # type: ignore[arg-type]
    there = second_device.open("/")
    second_device.is_live(there)
    click(here, "Client Side Update")
    expect(field_of(there, "name")).to_have_text("Client-Man")


def test_logging_out_on_one_page_empties_the_other_and_back_shows_nothing(visitor: Visitor) -> None:
    home, client = visitor.logged_in("/"), visitor.open("/")
    client.goto(visitor.url + "/client")
    visitor.is_live(client)
    click(home, "Log Out")
    for tab in (home, client):
        tab.wait_for_url(re.compile("/login"))
    client.go_back()
    client.wait_for_url(re.compile("/login"))
    expect(client.get_by_text("John Doe")).to_have_count(0)


def test_old_cookies_give_the_newest_data_and_after_log_out_nothing(visitor: Visitor) -> None:
    home = visitor.logged_in("/")
    old = visitor.cookie()
    click(home, "Server Side Update")
    expect(field_of(home, "name")).to_have_text("Serverserver-man")
    assert read_with(visitor.url, old)["user"]["name"] == "Serverserver-man"
    click(home, "Log Out")
    home.wait_for_url(re.compile("/login"))
    assert read_with(visitor.url, old) is None


def test_a_form_that_is_sent_at_once_is_sent_over_the_socket(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/")
    expect(field_of(tab, "name")).to_have_text("John Doe")


def test_a_wrong_password_is_refused_with_a_message(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    visitor.log_in(tab, password="guess")
    expect(tab.get_by_role("alert")).to_have_text("The id or the password is wrong.")
    expect(tab.get_by_role("button", name="Log In")).to_be_enabled()


def test_a_refused_update_says_why_and_changes_nothing(visitor: Visitor) -> None:
    home = visitor.logged_in("/")
    # The page's own request, with a name that the server refuses.
    home.route(
        "**/api/auth/session",
        lambda route: route.continue_(
            post_data=(route.request.post_data or "").replace("Server-Man", "x" * 65)
        ),
    )
    click(home, "Client Side Update")
    expect(home.get_by_role("alert").first).to_have_text("The name must have 1 to 64 characters.")
    expect(field_of(home, "name")).to_have_text("John Doe")
    expect(home.get_by_role("button", name="Client Side Update")).to_be_enabled()


def test_pages_reached_by_links_show_the_session_and_never_a_marker(visitor: Visitor) -> None:
    tab = visitor.logged_in("/client")
    click(tab, "Client Side Update")
    expect(field_of(tab, "name")).to_have_text("Client-Man")
    watch_for_markers(tab)
    for link, heading in (("Home", "Home Page"), ("Inspector", "Inspector"), ("Home", "Home Page")):
        tab.get_by_role("link", name=link, exact=True).click()
        expect(tab.get_by_role("heading", level=1)).to_have_text(heading)
        expect(field_of(tab, "name")).to_have_text("Client-Man")
    tab.go_back()
    expect(field_of(tab, "name")).to_have_text("Client-Man")
    assert tab.evaluate("window.flashes") == []


def test_the_home_page_shows_the_session_without_any_script(visitor: Visitor, chromium) -> None:
    visitor.logged_in("/")
    same_cookies = visitor.context.storage_state()
    with new_context(
        chromium, java_script_enabled=False, storage_state=same_cookies
    ) as without_script:
        page = without_script.new_page()
        page.goto(visitor.url + "/")
        expect(field_of(page, "name")).to_have_text("John Doe")
        expect(field_of(page, "role")).to_have_text("user")


def test_the_client_page_writes_the_session_to_the_console(visitor: Visitor) -> None:
    tab = visitor.logged_in("/client")
    click(tab, "Client Side Update")
    expect(field_of(tab, "name")).to_have_text("Client-Man")
    written = [text for text in visitor.console if text.startswith("Client Side Rendering")]
    assert len(written) == 2
    assert "John Doe" in written[0]
    assert "Client-Man" in written[1]


def test_the_server_writes_what_it_rendered(visitor: Visitor, app) -> None:
    visitor.logged_in("/", account="jane_admin")
    line = re.compile(r'Server Side Rendering .*"Jane Admin".* rev 1\n')
    wait_until(lambda: line.search(app.logged()))


def everything_in(tab: Page) -> str:
    return str(
        tab.evaluate(
            """async () => {
                const scripts = performance.getEntriesByType("resource")
                    .filter((entry) => entry.name.endsWith(".js"));
                const texts = await Promise.all(scripts.map(async (entry) =>
                    (await fetch(entry.name)).text()));
                return [document.cookie, JSON.stringify({...localStorage}),
                    JSON.stringify({...sessionStorage}),
                    document.documentElement.outerHTML, ...texts].join("\\n");
            }"""
        )
    )


def watch_for_markers(tab: Page) -> None:
    tab.evaluate(
        """() => {
            window.flashes = [];
            const look = () => {
                const names = [...document.querySelectorAll("[data-field=name]")];
                window.flashes.push(...names.map((name) => name.textContent)
                    .filter((name) => name !== "Client-Man"));
                if (document.body.innerText.includes("{{")) window.flashes.push("a marker");
            };
            new MutationObserver(look).observe(document.body,
                { subtree: true, childList: true, characterData: true });
        }"""
    )


def read_with(url: str, token: str):
    headers = {"Cookie": f"authjs.session-token={token}"}
    return httpx.get(url + "/api/auth/session", headers=headers).json()
