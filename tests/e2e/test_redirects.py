"""Signing in leads nowhere but to the app's own pages."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.e2e.visitor import Visitor


@pytest.mark.parametrize("wanted", ["{own}//evil.example/x", "/.//evil.example/x"])
def test_no_way_of_writing_it_leads_to_another_host(visitor: Visitor, wanted: str) -> None:
    callback_url = quote(wanted.format(own=visitor.url), safe="")
    tab = visitor.open(f"/login?callbackUrl={callback_url}")
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/")
    visitor.is_live(tab)
