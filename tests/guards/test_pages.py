"""Marked pages: their HTML and their scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from authdemo.testing import wait_until
from tests.guards.conftest import ICON
from tests.support.browser import Browser, public
from tests.support.server import Server

SECRET = (
    "Members only",
    "Drawer of secrets",
    "Drop it here",
    "The council's secrets",
    "Ada's own",
    "Not for stale eyes",
    "A sealed volume",
    "Whatever is in the attic",
    "Whatever is reported",
)
AS_PERSON = {"Accept": "text/html"}


def script_with(browser: Browser, text: str) -> str:
    """Find the script that holds a text, among all that the route manifest names."""
    page = browser.get("/about", headers=AS_PERSON).text
    manifest = browser.get(re.findall(r'"(/assets/manifest-[^"]+)"', page)[0]).text
    names: set[str] = set(re.findall(r'"(/assets/[^"]+\.js)"', manifest))
    return next(name for name in names if text in browser.get(name).text)


@pytest.mark.parametrize(
    "path", ["/", "/drawer/7", "/Drawer/7/", "/council", "/study", "/sensitive"]
)
def test_anonymous_is_redirected_from_protected_pages(nobody: Browser, path: str) -> None:
    answer = nobody.get(path, headers=AS_PERSON)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?callbackUrl=/")


@pytest.mark.parametrize(
    "address",
    [
        "/attic/hello%20world",
        "/attic/100%25",
        "/attic/a%3Fb%23c?x=1+2%26y",
        "/attic/%C3%BCber/@ada:1",
    ],
)
def test_the_way_back_leads_to_the_very_page_that_was_asked_for(
    nobody: Browser, ada: Browser, address: str
) -> None:
    location = nobody.get(address, headers=AS_PERSON).headers["Location"]
    assert parse_qs(urlsplit(location).query) == {"callbackUrl": [address]}
    assert ada.get(location).headers["Location"] == ada.server.url + address
    assert ada.get(address, headers=AS_PERSON).status_code == 200
    assert ada.get(f"/attic/%2e{address[6:]}").headers["Location"] == address


VALUES = (
    "index",
    "INDEX",
    "index.html",
    ".html",
    ".gz",
    "a%5Cb",
    "v1.gz",
    "x.html",
    "x.br",
    "a%2Fb",
)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("place", ["/attic", "/attic/docs", "/study/../attic"])
def test_value_of_dynamic_route_is_guarded_however_it_looks(
    nobody: Browser, ada: Browser, place: str, value: str
) -> None:
    answer = nobody.get(f"{place}/{value}", headers=AS_PERSON)
    here = f"{place.removeprefix('/study/..')}/{value}"
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"callbackUrl": [here]}
    shown = ada.get(here, headers=AS_PERSON)
    assert shown.status_code == 200
    assert "Content-Security-Policy" in shown.headers
    assert "no-store" in shown.headers["Cache-Control"]


@pytest.mark.parametrize("value", VALUES)
def test_value_of_route_for_role_is_denied_to_other_members(
    ada: Browser, grace: Browser, value: str
) -> None:
    assert ada.get(f"/drawer/{value}", headers=AS_PERSON).status_code == 403
    assert grace.get(f"/drawer/{value}", headers=AS_PERSON).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/reports", "/reports/", "/reports.html", "/reports/index", "/reports/index/"),
        *("/reports/index.html", "/reports/index/index.html", "/Reports/INDEX"),
        "/reports%2Findex",
    ],
)
def test_route_that_ends_in_index_has_one_rule_at_every_address(
    nobody: Browser, ada: Browser, grace: Browser, path: str
) -> None:
    for browser, statuses in ((nobody, (303, 404)), (ada, (403, 404))):
        answer = browser.get(path, headers=AS_PERSON)
        assert answer.status_code in statuses
        assert "Whatever is reported" not in answer.text
    assert grace.get("/reports/index", headers=AS_PERSON).status_code == 200
    assert grace.get("/reports/index.html").headers["Location"] == "/reports/index"


def test_unknown_path_is_answered_by_the_guard(nobody: Browser, grace: Browser) -> None:
    for path in ("/reports", "/post", "/404", "/404.html", "/__spa-fallback.html", "/%2Fabout"):
        for browser in (nobody, grace):
            answer = browser.get(path, headers=AS_PERSON)
            assert answer.status_code == 404, path
            assert "Go to the home page" in answer.text, path
            assert "Content-Security-Policy" in answer.headers, path
            assert browser.get(path).text == "There is nothing at this address.", path


def test_scope_of_own_route_is_the_path_as_spelled(nobody: Browser) -> None:
    assert nobody.get("/media/song").status_code == 200
    assert nobody.get("/x/../media/%73ong").status_code == 200
    assert nobody.get("/media//song").status_code == 404


@pytest.mark.parametrize("path", ["/drawer/7", "/council"])
def test_a_page_for_a_role_is_for_that_role(ada: Browser, grace: Browser, path: str) -> None:
    assert ada.get(path, headers=AS_PERSON).status_code == 403
    assert grace.get(path, headers=AS_PERSON).status_code == 200


def test_denied_page_is_in_the_audit_trail(app: Server, ada: Browser) -> None:
    assert ada.get("/council", headers=AS_PERSON).status_code == 403
    denied = {"kind": "refused", "reason": "AccessDenied", "path": "/council"}
    wait_until(lambda: app.audited(**denied, user="ada", session=public(ada)))


@pytest.mark.parametrize("path", ["/about", "/post/hello", "/post/hello/", "/unmarked", "/login"])
def test_public_pages_are_for_everybody(nobody: Browser, path: str) -> None:
    assert nobody.get(path, headers=AS_PERSON).status_code == 200


def test_browser_gets_empty_icon_from_app_without_one(nobody: Browser) -> None:
    for accepted in ("image/*", "text/html"):
        answer = nobody.get("/favicon.ico", headers={"Accept": accepted})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/svg+xml"


def test_browser_gets_icon_of_app_that_has_one(closed_app: Server) -> None:
    assert Browser(closed_app).get("/favicon.ico").content == ICON


def test_a_path_below_a_page_of_many_paths_is_no_page(nobody: Browser) -> None:
    assert nobody.get("/post/hello/more", headers=AS_PERSON).status_code == 404


def test_a_public_page_of_all_paths_opens_no_other(
    nobody: Browser, ada: Browser, grace: Browser
) -> None:
    assert nobody.get("/library/sealed/7", headers=AS_PERSON).status_code == 303
    assert ada.get("/library/sealed/7", headers=AS_PERSON).status_code == 403
    assert grace.get("/library/sealed/7", headers=AS_PERSON).status_code == 200
    for path in ("/library", "/library/7", "/library/sealed/7/8"):
        assert nobody.get(path, headers=AS_PERSON).status_code == 200, path


def test_a_protected_page_of_all_paths_closes_no_other(nobody: Browser, ada: Browser) -> None:
    for path in ("/attic", "/attic/box", "/attic/stairs/up"):
        assert nobody.get(path, headers=AS_PERSON).status_code == 303, path
        assert ada.get(path, headers=AS_PERSON).status_code == 200, path
    assert nobody.get("/attic/stairs", headers=AS_PERSON).status_code == 200
    assert nobody.get(script_with(nobody, "The stairs to the attic")).status_code == 200


@pytest.mark.parametrize("text", ["Drawer of secrets", "The council's secrets", "A sealed volume"])
def test_the_script_of_a_page_is_for_those_who_may_see_the_page(
    nobody: Browser, ada: Browser, grace: Browser, text: str
) -> None:
    script = script_with(grace, text)
    assert nobody.get(script).status_code == 401
    assert ada.get(script).status_code == 403
    assert grace.get(script).status_code == 200


AS_IMPORT = {"Sec-Fetch-Dest": "script", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}


def test_import_of_closed_page_is_answered_by_a_module_that_loads_the_page(
    nobody: Browser, ada: Browser, grace: Browser
) -> None:
    script = script_with(grace, "Drawer of secrets")
    from_page = {"Referer": nobody.server.url + "/about"}
    for browser in (nobody, ada):
        for headers in (AS_IMPORT, from_page):
            answer = browser.get(script, headers=headers)
            assert (answer.status_code, "location.replace(href)" in answer.text) == (200, True)
            assert "Drawer" not in answer.text
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert "no-store" in answer.headers["Cache-Control"]
    assert "Drawer of secrets" in grace.get(script, headers=AS_IMPORT).text


def test_closed_script_stays_closed_to_all_but_imports_of_pages(
    nobody: Browser, grace: Browser
) -> None:
    script = script_with(grace, "Drawer of secrets")
    for headers in ({"Sec-Fetch-Dest": "empty"}, {"Referer": "https://evil.example/"}):
        assert nobody.get(script, headers=headers).status_code == 401
    assert nobody.get("/assets/unknown-12345678.js", headers=AS_IMPORT).status_code == 401


def test_the_script_of_a_public_page_of_many_paths_is_for_everybody(nobody: Browser) -> None:
    assert nobody.get(script_with(nobody, "A post for all")).status_code == 200


def test_no_script_that_nobody_gets_holds_a_secret(nobody: Browser, grace: Browser) -> None:
    page = nobody.get("/about", headers=AS_PERSON).text
    manifest = nobody.get(re.findall(r'"(/assets/manifest-[^"]+)"', page)[0]).text
    names = set(re.findall(r'"(/assets/[^"]+\.js)"', page + manifest))
    answers = {name: nobody.get(name) for name in names}
    assert {answer.status_code for answer in answers.values()} == {200, 401}
    for name, answer in answers.items():
        assert not [secret for secret in SECRET if secret in answer.text], name
        assert "secret" not in grace.get(name).text or answer.status_code == 401, name


def test_a_check_decides_who_gets_a_page_and_its_script(ada: Browser, grace: Browser) -> None:
    script = script_with(ada, "Ada's own secrets")
    assert ada.get("/study", headers=AS_PERSON).status_code == 200
    assert grace.get("/study", headers=AS_PERSON).status_code == 403
    assert grace.get(script).status_code == 403


def test_fresh_page_asks_for_the_password_first(
    ada: Browser, later: Callable[[float], None]
) -> None:
    assert ada.get("/sensitive", headers=AS_PERSON).status_code == 200
    later(61)
    answer = ada.get("/sensitive", headers=AS_PERSON)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/confirm?callbackUrl=/sensitive"
    assert ada.get("/confirm", headers=AS_PERSON).status_code == 200


def test_where_all_is_protected_only_marked_pages_are_public(closed_app: Server) -> None:
    nobody = Browser(closed_app)
    for path in ("/", "/unmarked", "/council", "/drawer/7", "/confirm"):
        assert nobody.get(path, headers=AS_PERSON).status_code == 303, path
    for path in ("/about", "/post/hello", "/login"):
        assert nobody.get(path, headers=AS_PERSON).status_code == 200, path
    assert nobody.get("/nowhere", headers=AS_PERSON).status_code == 404
