"""`GET /metrics`: who may read it, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from authdemo.metrics import MetricsSettings
from authdemo.sessions.errors import ConfigurationError
from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.server import Server, running

TOKEN = "let the scraper in"
AS_PROXIED = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(scope="module")
def metered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("metered")
    with running(folder, AUTH_METRICS="1", AUTH_METRICS_TOKEN=TOKEN) as server:
        yield server


def events(server: Server) -> dict[tuple[str, ...], float]:
    text = httpx.get(f"{server.url}/metrics").text
    return {
        tuple(
            sample.labels[name] for name in ("kind", "reason", "provider", "author")
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "authdemo_events_total"
    }


def test_events_are_counted(metered: Server) -> None:
    browser = Browser(metered)
    assert browser.log_in(password="a guess").status_code == 401
    browser.log_in()
    browser.update({"name": "Ada"})
    assert browser.update({"role": "admin"}).status_code == 422
    browser.log_out()
    expected = {
        ("sign-in-failed", "CredentialsSignin", "credentials", ""): 1,
        ("sign-in", "", "credentials", ""): 1,
        ("update", "", "", "client"): 1,
        ("refused", "UpdateRejected", "", ""): 1,
        ("ended", "signed-out", "", ""): 1,
    }
    wait_until(lambda: expected.items() <= events(metered).items())


def test_provider_that_a_client_invents_is_unknown(metered: Server) -> None:
    for number in range(3):
        Browser(metered).log_in(provider=f"invented{number}")
    wait_until(
        lambda: events(metered).get(("sign-in-failed", "UnknownProvider", "unknown", "")) == 3
    )


def test_metrics_name_no_user_and_no_address(metered: Server) -> None:
    Browser(metered).log_in()
    text = httpx.get(f"{metered.url}/metrics").text
    assert not [word for word in ("john", "email", "127.0.0.1", TOKEN) if word in text]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        (AS_PROXIED, 401),
        ({"Origin": "https://evil.example"}, 401),
        ({**AS_PROXIED, "Authorization": f"Bearer {TOKEN}"}, 200),
        ({**AS_PROXIED, "Authorization": f"Bearer {TOKEN}x"}, 401),
        ({**AS_PROXIED, "Authorization": "Bearer"}, 401),
    ],
)
def test_metrics_are_for_this_machine_and_for_the_token(
    metered: Server, headers: dict[str, str], status: int
) -> None:
    answer = httpx.get(f"{metered.url}/metrics", headers=headers)
    assert answer.status_code == status
    assert ("authdemo_events_total" in answer.text) == (status == 200)
    assert answer.headers["Cache-Control"] == "no-store"


def test_metrics_are_only_read(metered: Server) -> None:
    assert httpx.post(f"{metered.url}/metrics").status_code == 405


def test_without_metrics_there_is_nothing_at_their_address(server: Server) -> None:
    answer = httpx.get(f"{server.url}/metrics")
    assert (answer.status_code, "authdemo_events" in answer.text) == (404, False)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"AUTH_METRICS": "yes"}, "AUTH_METRICS takes 0 or 1; it is 'yes'."),
        (
            {"AUTH_METRICS_TOKEN": "short"},
            "AUTH_METRICS_TOKEN takes at least 16 printable ASCII characters.",
        ),
    ],
)
def test_bad_value_names_its_variable(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        MetricsSettings.from_environ(environ)
    assert refused.value.message == message
