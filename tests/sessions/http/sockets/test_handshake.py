"""A tab's name is what Reflex's page makes, and never the name of a shared state."""

from __future__ import annotations

import pytest

from authdemo.sessions.http.sockets.handshake import is_tab


@pytest.mark.parametrize("variant", "89abcdef")
def test_tab_takes_every_name_that_reflex_page_makes(variant):
    """`generateUUID` sets the version, and of the variant the first bit alone."""
    assert is_tab(f"9c610c71-303e-4dba-{variant}14b-81646bf269ff")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "counter",
        "9c610c71-303e-1dba-814b-81646bf269ff",
        "9c610c71-303e-4dba-014b-81646bf269ff",
        "9C610C71-303E-4DBA-814B-81646BF269FF",
        "9c610c71303e4dba814b81646bf269ff",
        "{9c610c71-303e-4dba-814b-81646bf269ff}",
        "9c610c71-303e-4dba-814b-81646bf269ff\n",
        "9c610c71-303e-4dba-814b-81646bf269ff_state",
    ],
)
def test_tab_rejects_other_names(name):
    assert not is_tab(name)
