"""Options of cookies, and those that no browser would take."""

from __future__ import annotations

from typing import Any

import pytest

from authdemo.sessions import ConfigurationError, CookieOptions

HTTPS = "https://app.example.org"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"same_site": "Lax"}, 'takes "lax", "strict" or "none", not \'Lax\'.'),
        ({"session_token": "a b"}, "takes the name of a cookie, not 'a b'."),
        ({"csrf_token": "__Else-csrf"}, "takes the name of a cookie, not '__Else-csrf'."),
        ({"state": 1}, "takes the name of a cookie, not 1."),
        ({"session_token": "id", "state": "id"}, "two cookies have the same name."),
        ({"partitioned": True}, 'CookieOptions(partitioned=True) needs same_site="none"'),
        ({"domain": "https://example.org"}, 'takes a domain like "example.org", not'),
        ({"domain": ".example.org"}, 'takes a domain like "example.org", not'),
        ({"domain": "org"}, "takes a domain like \"example.org\", not 'org'."),
        (
            {"domain": "example.org", "session_token": "__Host-id"},
            "browsers reject a cookie with a Domain whose name begins with __Host-.",
        ),
    ],
)
def test_options_that_browsers_reject_are_explained(options: dict[str, Any], said: str):
    with pytest.raises(ConfigurationError) as rejected:
        CookieOptions(**options)
    assert said in rejected.value.message


@pytest.mark.parametrize("domain", ["app.example.org", "example.org"])
def test_domain_is_the_hosts_or_above_it(domain: str):
    CookieOptions(domain=domain).check(HTTPS)
    CookieOptions(domain=domain).check(None)


@pytest.mark.parametrize("domain", ["example.com", "ample.org", "www.app.example.org"])
def test_domain_of_other_hosts_is_rejected(domain: str):
    with pytest.raises(ConfigurationError) as rejected:
        CookieOptions(domain=domain).check(HTTPS)
    assert "browsers reject it for the host 'app.example.org' of AUTH_URL" in rejected.value.message


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"same_site": "none"}, "same_site='none'"),
        ({"same_site": "none", "partitioned": True}, "same_site='none'"),
        ({"session_token": "__Secure-id"}, "session_token='__Secure-id'"),
        ({"csrf_token": "__Host-csrf"}, "csrf_token='__Host-csrf'"),
    ],
)
@pytest.mark.parametrize("url", [None, "http://localhost:3000"])
def test_options_that_need_https_say_so(options: dict[str, Any], named: str, url: str | None):
    CookieOptions(**options).check_https(HTTPS)
    with pytest.raises(ConfigurationError) as rejected:
        CookieOptions(**options).check_https(url)
    assert rejected.value.message == (
        f"CookieOptions({named}) needs https: browsers reject such a cookie otherwise. "
        "Set AUTH_URL=https://..."
    )


def test_usual_options_need_no_https():
    CookieOptions(session_token="id", domain="example.org").check_https(None)
