from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.server import Server

NEW_WORKERS = 20


def sign_ins(server: Server) -> float:
    with httpx.Client() as client:  # each has a connection of its own, so workers take turns
        text = client.get(f"{server.url}/metrics").text
    families = text_string_to_metric_families(text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "authdemo_events_total" and sample.labels["kind"] == "sign-in"
    )


def test_metrics_are_of_all_workers(server: Server) -> None:
    before = sign_ins(server)
    for _ in range(NEW_WORKERS):
        Browser(server).log_in()
    wait_until(lambda: sign_ins(server) == before + NEW_WORKERS)
    assert {sign_ins(server) for _ in range(NEW_WORKERS)} == {before + NEW_WORKERS}
