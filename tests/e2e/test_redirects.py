"""Signing in leads nowhere but to the app's own pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import Visitor


@pytest.mark.parametrize("wanted", ["{own}//evil.example/x", "/.//evil.example/x"])
def test_no_way_of_writing_it_leads_to_another_host(visitor: Visitor, wanted: str) -> None:
    callback_url = quote(wanted.format(own=visitor.url), safe="")
    tab = visitor.open(f"/login?callbackUrl={callback_url}")
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/")
    visitor.is_live(tab)


def test_a_form_that_leads_nowhere_does_not_keep_a_tab_from_leaving(visitor: Visitor) -> None:
    visitor.context.clock.install()
    tab, other = visitor.logged_in("/client"), visitor.open("/")
    tab.evaluate(
        """() => {
          const form = document.createElement("form");
          form.method = "dialog";
          document.body.append(form);
          form.requestSubmit();
        }"""
    )
    log_out = other.get_by_role("button", name="Log Out", exact=True)
    expect(log_out).to_be_enabled()  # the clock that stops is that of both tabs
    tab.clock.fast_forward(3000)
    tab.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    log_out.click()
    tab.wait_for_url("**/login?callbackUrl=/client")
