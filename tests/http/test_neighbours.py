"""Two apps on one host with different ports: cookies don't know ports (RFC 6265, section 8.5)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import CSRF, SESSION
from tests.support.browser import Browser
from tests.support.server import Server, running

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(scope="module", params=["authjs", "other"])
def prefix(request: pytest.FixtureRequest) -> str:
    """The prefix of the neighbour's cookies."""
    return str(request.param)


@pytest.fixture(scope="module")
def neighbour(prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Another app on the host of `server`."""
    own = {"AUTH_SECRET": "the neighbour signs with this secret", "AUTH_COOKIE_PREFIX": prefix}
    with running(tmp_path_factory.mktemp("neighbour"), **own) as neighbour:
        yield neighbour


@pytest.fixture
def there(neighbour: Server, prefix: str) -> Browser:
    """A member of the neighbour."""
    session, csrf = (name.replace("authjs", prefix) for name in (SESSION, CSRF))
    browser = Browser(neighbour, session=session, csrf=csrf)
    assert browser.log_in().status_code == 200
    return browser


def cleared(answer: httpx.Response) -> list[str]:
    return [name for name, _, attributes in set_cookies(answer) if "Max-Age=0" in attributes]


@pytest.mark.parametrize("path", ["/", "/login", "/client", "/api/auth/session", "/api/auth/csrf"])
def test_read_deletes_no_cookie_of_neighbour(browser: Browser, there: Browser, path: str) -> None:
    browser.cookies = there.cookies
    assert cleared(browser.get(path, headers=NAVIGATION)) == []
    assert there.session()["user"]["id"] == "john_doe"


def test_sign_out_deletes_no_cookie_of_neighbour(browser: Browser, there: Browser) -> None:
    browser.cookies = there.cookies
    assert browser.log_out().status_code == 200
    assert there.session()["user"]["id"] == "john_doe"


@pytest.mark.parametrize("prefix", ["other"], indirect=True, scope="module")
def test_members_of_both_apps_stay_signed_in_with_different_prefixes(
    john: Browser, there: Browser
) -> None:
    there.cookies.update(john.cookies)
    john.cookies = there.cookies
    for path in ("/", "/login", "/api/auth/session", "/api/auth/csrf"):
        for each in (john, there):
            assert set_cookies(each.get(path, headers=NAVIGATION)) == []
    assert john.update({"name": "Here"}).status_code == 200
    assert there.update({"name": "There"}).status_code == 200
    assert john.session()["user"]["name"] == "Here"
    john.log_out()
    assert there.session()["user"]["name"] == "There"


def test_description_names_cookies_as_they_are(there: Browser, prefix: str) -> None:
    schemes = there.get("/api/auth/openapi.json").json()["components"]["securitySchemes"]
    names = {scheme["name"] for scheme in schemes.values() if scheme.get("in") == "cookie"}
    assert f"{prefix}.session-token" in names
    assert all(f"{prefix}." in name for name in names)
