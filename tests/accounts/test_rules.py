"""What an account may be made of: ids that nobody mistakes, addresses, and errors by field."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authdemo.accounts import AccountRejected, Registration
from tests.accounts.conftest import FORM

ANYTHING = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


def read(**fields: object) -> Registration:
    return Registration.read({**FORM, **fields})


def refusal(**fields: object) -> AccountRejected:
    with pytest.raises(AccountRejected) as refused:
        read(**fields)
    return refused.value


def tried(**fields: object) -> tuple[Registration | None, set[str]]:
    """Read a form: what was asked for, and the fields that are to blame if nothing was."""
    try:
        return read(**fields), set()
    except AccountRejected as error:
        return None, set(error.by_field())


@pytest.mark.parametrize("good", ["ada", "Ada", "a-b", "a.b_c-d", "007", "a" * 32, " ada "])
def test_id_is_kept_as_it_is_typed(good):
    assert read(id=good).id == good.strip()


@pytest.mark.parametrize(
    "bad",
    [
        *("", "ab", "a" * 33, "_ada", "ada.", "a da", "ada\n b", "a/b", "a@b", "ada\0", "\ud800da"),
        *("\u0430da", "\uff41da", "ad\u00e4", "ada\u200b", "\u0131ada", "ada\u212a"),
    ],
)
def test_id_of_other_characters_is_rejected(bad):
    error = refusal(id=bad)
    assert (error.field, error.reason) == ("id", "id_form")
    assert error.message.startswith("The id must have 3 to 32 letters")


@given(st.text(max_size=40))
@example("a\n\n")
@example("ada\u0300")
def test_id_is_printable_ascii_and_kept(text):
    asked, blamed = tried(id=text)
    assert blamed <= {"id"}
    if asked:
        assert re.fullmatch("[!-~]{3,32}", asked.id)
        assert asked.id == text.strip()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.L+x@EXAMPLE.org ", "Ada.L+x@example.org"),
        ("ada@b\u00fccher.example", "ada@b\u00fccher.example"),
        ("\u7528\u6237@\u4f8b\u5b50.\u516c\u53f8", "\u7528\u6237@\u4f8b\u5b50.\u516c\u53f8"),
        ("ada@mail.corp.internal", "ada@mail.corp.internal"),
    ],
)
def test_address_is_kept_in_its_normal_form(typed, kept):
    assert read(email=typed).email == kept


@pytest.mark.parametrize(
    "bad",
    [
        *("", "ada", "ada@", "@example.org", "ada@gmail", "a b@example.org", "ada@-.org"),
        *("Ada <ada@example.org>", "ada@example.org\nBcc: x@example.org", "ada@[127.0.0.1]"),
        *("ada@corp.local", "ada@ex\u200bample.org", "\ud800@a.bc", "a@b.c\0"),
        *("x" * 65 + "@example.org", "ada@" + "x" * 250 + ".org"),
    ],
)
def test_invalid_address_is_rejected(bad):
    error = refusal(email=bad)
    assert (error.field, error.reason) == ("email", "email_form")


@given(st.emails())
def test_valid_address_is_taken_and_stays(address):
    kept = read(email=address).email
    assert read(email=kept).email == kept


@given(st.text(max_size=80))
def test_rule_for_addresses_handles_any_text(text):
    asked, blamed = tried(email=text)
    assert blamed <= {"email"}
    assert asked is None or not re.search(r"[\s\x00-\x1f\x7f]", asked.email)


@pytest.mark.parametrize("bad", ["", " ", "x" * 65, "a\u202eb", "a\0"])
def test_name_follows_the_rule_for_names(bad):
    assert refusal(name=bad).field == "name"


@pytest.mark.parametrize("password", ["lovelace", "LoveLace", "LOVELACE"])
def test_id_is_not_its_own_password(password):
    error = refusal(id="Lovelace", password=password)
    assert (error.field, error.reason) == ("password", "same_as_id")


def test_errors_are_reported_together_by_field():
    error = refusal(id="!", name="", email="x", password="short")
    assert error.field == "id"
    assert {name: details["reason"] for name, details in error.by_field().items()} == {
        "id": "id_form",
        "name": "length",
        "email": "email_form",
        "password": "too_short",
    }


def test_field_that_is_missing_is_named():
    with pytest.raises(AccountRejected) as refused:
        Registration.read({})
    assert refused.value.message == "The id is needed."
    assert set(refused.value.by_field()) == set(FORM)


@given(st.dictionaries(st.sampled_from(sorted(FORM)), ANYTHING))
def test_form_of_any_shape_is_read_or_rejected(fields):
    asked, blamed = tried(**fields)
    assert blamed <= fields.keys()
    assert asked is None or set(asked.model_dump()) == set(FORM)


def test_password_is_not_in_the_repr():
    assert FORM["password"] not in repr(read())
    assert "secretly" not in str(refusal(id="secretly", password="secretly").by_field())
