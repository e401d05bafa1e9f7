"""The security policy of pages, and what is said of settings that can't work."""

from __future__ import annotations

import pytest

from authdemo.sessions import ConfigurationError
from authdemo.sessions.http.pages.policy import STRICT, Policy


def rules(policy: Policy, document: str = "") -> dict[str, list[str]]:
    header = policy.of(document)
    return {name: sources for name, *sources in map(str.split, header.split(";"))}


def complaint(csp: object) -> str:
    with pytest.raises(ConfigurationError) as rejected:
        Policy(csp)  # type: ignore[arg-type]
    return rejected.value.message


def test_policy_adds_sources_to_the_default():
    added = rules(
        Policy({"img-src": ["http://old.example"], "script-src": ["https://cdn.example"]})
    )
    default = rules(STRICT)
    assert added["img-src"] == [*default["img-src"], "http://old.example"]
    assert added["script-src"] == ["'self'", "https://cdn.example"]
    assert {name for name in added if added[name] != default[name]} == {"img-src", "script-src"}


def test_policy_keeps_hashes_beside_the_apps_scripts():
    added = rules(Policy({"script-src": ["https://cdn.example"]}), "<script>run()</script>")
    (own, digest, other) = added["script-src"]
    assert (own, other) == ("'self'", "https://cdn.example")
    assert digest.startswith("'sha256-")


def test_policy_has_own_sources_where_only_default_src_ruled():
    added = rules(Policy({"frame-src": ["https://www.youtube.com"]}))
    assert added["frame-src"] == ["'self'", "https://www.youtube.com"]
    both = Policy({"frame-src": ["https://www.youtube.com"], "default-src": ["https://a.example"]})
    assert rules(both)["frame-src"] == ["'self'", "https://a.example", "https://www.youtube.com"]


def test_policy_replaces_none_by_sources():
    assert rules(Policy({"frame-ancestors": ["https://a.example"]}))["frame-ancestors"] == [
        "https://a.example"
    ]


def test_policy_takes_none_in_place_of_the_default():
    assert rules(Policy({"media-src": ["'none'"]}))["media-src"] == ["'none'"]


def test_policy_takes_directive_without_sources():
    assert rules(Policy({"upgrade-insecure-requests": []}))["upgrade-insecure-requests"] == []


@pytest.mark.parametrize(
    ("ancestors", "header"),
    [([], "DENY"), (["'self'"], "SAMEORIGIN"), (["https://a.example"], None)],
)
def test_older_header_agrees_with_frame_ancestors(ancestors: list[str], header: str | None):
    headers = Policy({"frame-ancestors": ancestors}).headers("")
    assert headers.get("x-frame-options") == header


@pytest.mark.parametrize(
    "source",
    [
        "https://cdn.example",
        "https://*.cdn.example:8443/fonts/",
        "cdn.example",
        "localhost:*",
        "wss://api.example",
        "data:",
        "mediastream:",
        "'self'",
        "'wasm-unsafe-eval'",
        "'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='",
    ],
)
def test_policy_takes_source(source: str):
    assert source in rules(Policy({"connect-src": [source]}))["connect-src"]


@pytest.mark.parametrize(
    "source",
    ["https://", "https//cdn.example", "a b", "a;script-src *", "a,b", "", "'nonce-YWJj'", "'sha'"],
)
def test_policy_rejects_what_is_no_source(source: str):
    said = complaint({"connect-src": [source]})
    assert said == (
        f"SessionsPlugin(csp={{'connect-src': ...}}): {source!r} is no source. "
        "A host is written like https://cdn.example, a scheme like data:."
    )


@pytest.mark.parametrize(
    ("csp", "hint"),
    [
        ({"font-scr": []}, "no such directive. Did you mean 'font-src'?"),
        ({"script": []}, "no such directive. Did you mean 'script-src'?"),
        ({"zzz": []}, "no such directive. Known are default-src, script-src, "),
        ({"font-src": "data:"}, 'takes a list of sources, like ["https://cdn.example"], not'),
        ({"font-src": [1]}, "1 is no text."),
        ({"font-src": ["self"]}, "write 'self' with its quotes."),
        ({"img-src": ["'none'", "data:"]}, "'none' can't be beside other sources."),
        ({"img-src": ["*"]}, "'*' allows every host on the internet. Name the hosts."),
        ({"script-src": ["'unsafe-inline'"]}, "browsers ignore it beside the hashes"),
        ({"script-src": ["unsafe-inline"]}, "browsers ignore it beside the hashes"),
        ({"script-src": ["'unsafe-eval'"]}, "If the app needs that, pass allow_eval=True."),
        ({"default-src": ["'unsafe-eval'"]}, "If the app needs that, pass allow_eval=True."),
        ({"script-src": ["'strict-dynamic'"]}, "it forbids the pages' own files."),
        ({"upgrade-insecure-requests": ["https:"]}, "takes no sources. Pass an empty list."),
        ({"report-uri": ["not a url"]}, "'not a url' is no URL."),
        ("font-src", "takes the sources of directives, like {"),
    ],
)
def test_mistake_in_a_policy_is_explained(csp: object, hint: str):
    assert hint in complaint(csp)


def test_scheme_that_opens_scripts_is_warned_of(caplog: pytest.LogCaptureFixture):
    Policy({"script-src": ["https:"], "img-src": ["http:"]}).warn()
    (message,) = caplog.messages
    assert message == (
        "SessionsPlugin(csp=...): https: in script-src lets a page run scripts from anywhere, also "
        "an attacker's. Name the hosts."
    )


def test_opener_policy_is_one_of_the_fields():
    assert STRICT.headers("")["cross-origin-opener-policy"] == "same-origin"
    opened = Policy(coop="same-origin-allow-popups").headers("")
    assert opened["cross-origin-opener-policy"] == "same-origin-allow-popups"
    with pytest.raises(ConfigurationError, match=r"SessionsPlugin\(coop=...\) takes same-origin, "):
        Policy(coop="anything")
