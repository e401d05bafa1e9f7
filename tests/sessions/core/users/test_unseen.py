"""A name shows something, whatever else is in it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.launch import node
from authdemo.sessions.core.errors import UpdateRejected
from authdemo.sessions.core.schema import MAX_NAME_CHARACTERS, User, UserSchema, UserUpdate
from authdemo.sessions.core.text import HIDDEN, IGNORABLE, REGIONS
from tests.support.npm import ROOT

SCHEMA = UserSchema(User, UserUpdate)
ADA = User(id="ada", name="Ada")

NOT_FORBIDDEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u200c\u200d"
    "\u2800\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
)
BLANKS = " \u00a0\u2003\u3000"
SHOWN = st.characters(categories=["L", "N", "P", "S"], exclude_characters=NOT_FORBIDDEN)

ALL_OF_A_KIND = """
const isOne = character => %s;
const codes = [...Array(0x110000).keys()];
console.log(JSON.stringify(codes.filter(code => isOne(String.fromCodePoint(code)))));
"""
IS_IGNORABLE = r"/^\p{Default_Ignorable_Code_Point}$/u.test(character)"
IS_HIDDEN = r"""
    /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]$/u.test(character) ||
    /^\p{Cn}$/u.test(character) && /^\p{Default_Ignorable_Code_Point}$/u.test(character)
"""
JOINERS = (0x200C, 0x200D)
IS_FLAG = r"/^\p{RGI_Emoji_Tag_Sequence}$/v.test"
FLAGS = [
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in r) + "\U000e007f" for r in REGIONS
]
YOUNG = ["\U0001fa77", "\U0001fae8", "\U00031350明", "\U0002ebf0明", "\u0c95\u0cf3", "\U00032000"]


def named(name: str) -> str:
    return str(SCHEMA.accept(ADA.model_dump(), {"name": name}, "client").get("name", ADA.name))


@pytest.mark.parametrize("character", NOT_FORBIDDEN, ids=ascii)
@pytest.mark.parametrize("name", ["{0}", "{0}{0}", " {0}\u3000{0} "])
def test_name_that_shows_nothing_is_rejected(name: str, character: str) -> None:
    with pytest.raises(UpdateRejected, match="name must hold a character that can be seen"):
        named(name.format(character))


@given(st.text(st.sampled_from(NOT_FORBIDDEN + BLANKS), max_size=MAX_NAME_CHARACTERS))
def test_name_of_mixed_invisible_characters_is_rejected(name: str) -> None:
    with pytest.raises(UpdateRejected) as refused:
        named(name)
    assert refused.value.field == "name"


@given(st.text(st.sampled_from(NOT_FORBIDDEN), max_size=20), SHOWN, st.text(SHOWN, max_size=20))
def test_name_may_hold_joiners_between_visible_characters(unseen: str, one: str, more: str) -> None:
    name = one + unseen + more
    assert named(name) == name


@pytest.mark.parametrize(
    "name", ["❤\ufe0f", "葛\U000e0100城", "می\u200cخواهم", "क्\u200dष", "ᄀ\u1160", "\u115fᅡ"]
)
def test_name_may_hold_joiners_as_scripts_need_them(name: str) -> None:
    assert named(name) == name


def told(script: str) -> object:
    environment = node.environment(os.environ, ROOT)
    asked = ["node", "--eval", script]
    said = subprocess.run(asked, env=environment, capture_output=True, check=True, text=True)
    return json.loads(said.stdout)


def test_invisible_characters_are_those_of_unicode() -> None:
    """`Default_Ignorable_Code_Point` and General_Category, as Node.js knows them."""
    hidden = {code for codes in HIDDEN for code in codes}
    assert [code for codes in IGNORABLE for code in codes] == told(ALL_OF_A_KIND % IS_IGNORABLE)
    assert sorted(hidden.union(JOINERS)) == told(ALL_OF_A_KIND % IS_HIDDEN)


def test_flags_in_tags_are_those_of_unicode() -> None:
    script = f"console.log(JSON.stringify({json.dumps(FLAGS)}.map(flag => {IS_FLAG}(flag))))"
    assert told(script) == [True] * len(FLAGS)


@pytest.mark.parametrize(
    "name", [*YOUNG, *FLAGS, FLAGS[0] + FLAGS[1], "👨\u200d👩\u200d👧"], ids=ascii
)
def test_name_takes_what_is_younger_than_the_interpreter_and_flags(name: str) -> None:
    assert named(f"Ann {name}") == f"Ann {name}"


@pytest.mark.parametrize(
    "hidden",
    [
        "\0",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\x1b",
        "\ue000",
        "\ufdd0",
        "\U000e0002",
        "".join(chr(0xE0000 + ord(each)) for each in "hidden"),
        FLAGS[1][1:],
        FLAGS[1][:-1],
        FLAGS[1] + "\U000e007f",
        "\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "ustx") + "\U000e007f",
    ],
    ids=ascii,
)
def test_name_with_hidden_text_is_rejected(hidden: str) -> None:
    with pytest.raises(UpdateRejected, match="control or invisible"):
        named(f"Ann{hidden}x")


@given(
    st.characters(
        categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp"], exclude_characters="\u200c\u200d"
    )
)
def test_name_with_a_character_that_any_interpreter_calls_hidden_is_rejected(hidden: str) -> None:
    with pytest.raises(UpdateRejected):
        named(f"Ann{hidden}x")
