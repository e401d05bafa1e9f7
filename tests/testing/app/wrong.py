"""Tests that fail, to see what they say."""

from __future__ import annotations

import pytest

from authdemo.testing import Tab
from my_app.auth import Member
from my_app.my_app import Ledger

ADA = Member(id="ada", name="Ada Lovelace")


@pytest.fixture
def tab(login_as):
    ada = login_as(ADA)
    with Tab(ada.server, ada) as tab:
        yield tab


def test_another_user(tab):
    tab.expect_session("authenticated", timeout=0.1, name="Countess")


def test_nobody(tab):
    tab.expect_session("unauthenticated", timeout=0.1)


def test_another_value(tab):
    tab.expect_vars(Ledger, timeout=0.1, balance=90, paid=0)


def test_another_page(tab):
    tab.expect_redirect("/login", timeout=0.1)
