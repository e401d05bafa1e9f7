"""Chapter 1 of the checklist: sessions (ASVS V7). docs/asvs.md names what it lacks here."""

from __future__ import annotations

import base64
import json
from typing import Any

from authdemo.sessions.core.utils import new_id
from tests.support.browser import PASSWORD, Browser
from tests.support.server import ROOT

BUILT = ROOT / ".web/build/client"
DECLARED = {
    *("sub", "sid", "jti", "iat", "nbf", "exp", "iss", "aud", "rev", "user"),
    *("amr", "level"),
}
USER = {"id", "name", "email", "image", "role", "email_verified", "two_factor"}


def claims(browser: Browser) -> dict[str, Any]:
    payload = (browser.token or "").split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return decoded


def test_ids_are_random_and_long_enough(john: Browser, other_browser: Browser) -> None:
    """ASVS 7.2.3: at least 128 bits."""
    other_browser.log_in()
    first, second = claims(john), claims(other_browser)
    for name in ("sid", "jti"):
        assert first[name] != second[name]
        assert len(bytes.fromhex(first[name])) * 8 >= 128
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_token_holds_what_is_declared_and_no_secret(john: Browser) -> None:
    found = claims(john)
    assert set(found) == DECLARED
    assert set(found["user"]) == USER
    assert PASSWORD not in json.dumps(found)


def test_every_page_for_members_has_a_way_out(browser: Browser, jane: Browser) -> None:
    """ASVS 7.4.4; who has to confirm is asked for the password there, and for nothing else."""
    built = ["/", *(f"/{page.parent.name}" for page in BUILT.glob("*/index.html"))]
    for_members = [path for path in built if browser.get(path).status_code == 303]
    assert {"/admin", "/confirm"}.issubset(for_members)
    for path in set(for_members) - {"/confirm"}:
        assert jane.get(path).text.count(">Log Out<") == 1, path


def test_a_stolen_cookie_sees_nothing_after_the_owner_signs_in_again(john: Browser) -> None:
    """ASVS 7.2.4."""
    thief = john.copy()
    john.log_in()
    assert thief.session() is None
    assert thief.get("/").status_code == 303
    assert john.session()
