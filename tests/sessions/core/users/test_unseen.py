"""A name shows something, whatever else is in it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.launch import node
from authdemo.sessions.core.errors import UpdateRefused
from authdemo.sessions.core.users.models import MAX_NAME_CHARACTERS, User, UserUpdate
from authdemo.sessions.core.users.schema import UserSchema
from authdemo.sessions.core.users.unseen import IGNORABLE
from tests.support.npm import ROOT

SCHEMA = UserSchema(User, UserUpdate)
ADA = User(id="ada", name="Ada")

NOT_FORBIDDEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u200c\u200d"
    "\u2800\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
)
BLANKS = " \u00a0\u2003\u3000"
SHOWN = st.characters(categories=["L", "N", "P", "S"], exclude_characters=NOT_FORBIDDEN)

ALL_IGNORABLE = """
const isIgnorable = code => /^\\p{Default_Ignorable_Code_Point}$/u.test(String.fromCodePoint(code));
console.log(JSON.stringify([...Array(0x110000).keys()].filter(isIgnorable)));
"""


def named(name: str) -> str:
    return str(SCHEMA.accept(ADA.model_dump(), {"name": name}, "client").get("name", ADA.name))


@pytest.mark.parametrize("character", NOT_FORBIDDEN, ids=ascii)
@pytest.mark.parametrize("name", ["{0}", "{0}{0}", " {0}\u3000{0} "])
def test_what_shows_nothing_is_no_name(name: str, character: str) -> None:
    with pytest.raises(UpdateRefused, match="name must hold a character that can be seen"):
        named(name.format(character))


@given(st.text(st.sampled_from(NOT_FORBIDDEN + BLANKS), max_size=MAX_NAME_CHARACTERS))
def test_nor_is_any_mixture_of_it(name: str) -> None:
    with pytest.raises(UpdateRefused) as refused:
        named(name)
    assert refused.value.field == "name"


@given(st.text(st.sampled_from(NOT_FORBIDDEN), max_size=20), SHOWN, st.text(SHOWN, max_size=20))
def test_in_a_name_that_shows_something_it_may_stand(unseen: str, one: str, more: str) -> None:
    name = one + unseen + more
    assert named(name) == name


@pytest.mark.parametrize(
    "name", ["❤\ufe0f", "葛\U000e0100城", "می\u200cخواهم", "क्\u200dष", "ᄀ\u1160", "\u115fᅡ"]
)
def test_people_write_with_it(name: str) -> None:
    assert named(name) == name


def test_the_characters_are_those_of_unicode() -> None:
    """`Default_Ignorable_Code_Point`, as Node.js knows it."""
    environment = node.environment(os.environ, ROOT)
    asked = ["node", "--eval", ALL_IGNORABLE]
    said = subprocess.run(asked, env=environment, capture_output=True, check=True, text=True)
    assert [code for codes in IGNORABLE for code in codes] == json.loads(said.stdout)
