"""The client proposes, the schema decides: which fields change, and to what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.errors import UpdateRejected
from authdemo.sessions.core.schema import UserSchema, UserUpdate
from tests.support.house import ADA, Person

SCHEMA = UserSchema(Person, UserUpdate)
CURRENT = ADA.model_dump()


def accept(asked: Any, author: Any = "client") -> dict[str, Any]:
    return SCHEMA.accept(CURRENT, asked, author)


def field_blamed_for(asked: Any, author: Any = "client") -> str | None:
    with pytest.raises(UpdateRejected) as refused:
        accept(asked, author)
    field = refused.value.field
    assert field is None or field in refused.value.message or repr(field) in refused.value.message
    return field


class TestWhatAClientMayChange:
    def test_client_changes_name_and_image(self):
        asked = {"name": "Ada", "image": "https://example.org/ada.png"}
        assert accept(asked) == asked

    def test_fields_not_named_stay(self):
        assert accept({"name": "Ada"}) == {"name": "Ada"}

    def test_empty_patch_changes_nothing(self):
        assert accept({}) == {}

    def test_equal_value_is_no_change(self):
        assert accept({"name": CURRENT["name"]}) == {}

    def test_equal_name_after_trimming_is_no_change(self):
        assert accept({"name": f"  {CURRENT['name']} "}) == {}

    def test_whole_user_with_a_new_name_is_accepted(self):
        assert accept({**CURRENT, "name": "Ada"}) == {"name": "Ada"}


class TestWhatAClientMayNot:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", "eve"),
            ("email", "eve@example.org"),
            ("role", "admin"),
            ("email", None),
            ("id", 1),
        ],
    )
    def test_client_cannot_change_a_fixed_field(self, field, value):
        assert field_blamed_for({field: value}) == field

    @pytest.mark.parametrize(
        "field",
        [
            "sub",
            "exp",
            "rev",
            "user",
            "is_admin",
            "ID",
            "__proto__",
            "__class__",
            "model_config",
            "",
            "\0",
        ],
    )
    def test_client_cannot_add_a_field(self, field):
        assert field_blamed_for({field: "x"}) == field

    def test_error_shortens_a_field_name_of_10_kb(self):
        assert len(field_blamed_for({"x" * 10_000: 1}) or "") <= 64

    def test_client_cannot_change_a_valid_field_with_an_invalid_one(self):
        """All or nothing, in either order."""
        assert field_blamed_for({"name": "Ada", "role": "admin"}) == "role"
        assert field_blamed_for({"role": "admin", "name": "Ada"}) == "role"
        assert field_blamed_for({"name": "Ada", "image": "http://example.org"}) == "image"

    @pytest.mark.parametrize(
        "value", [True, 1, 1.5, float("nan"), [], ["Ada"], {}, {"first": "Ada"}, b"Ada", None]
    )
    def test_client_cannot_set_a_name_of_another_type(self, value):
        assert field_blamed_for({"name": value}) == "name"

    @pytest.mark.parametrize("value", [True, 1, [], ["https://example.org"], {}, b""])
    def test_client_cannot_set_an_image_of_another_type(self, value):
        assert field_blamed_for({"image": value}) == "image"

    @pytest.mark.parametrize("asked", [None, [], ["name"], "name", 1, True, [["name", "Ada"]]])
    def test_client_cannot_send_other_than_an_object(self, asked):
        assert field_blamed_for(asked) is None

    def test_client_cannot_send_a_deeply_nested_value(self):
        deep: Any = "Ada"
        for _ in range(100_000):
            deep = [deep]
        assert field_blamed_for({"name": deep}) == "name"
        while isinstance(deep, list):
            deep = deep.pop()

    def test_client_cannot_send_an_equal_value_of_another_type(self):
        class Counted(Person):
            count: int = 1

        schema = UserSchema(Counted, UserUpdate)
        with pytest.raises(UpdateRejected):
            schema.accept(Counted(id="ada").model_dump(), {"count": True}, "client")


UNSEEN = {
    "NUL": "\0",
    "newline": "\n",
    "CR": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "delete": "\x7f",
    "C1": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "zero-width space": "\u200b",
    "word joiner": "\u2060",
    "invisible times": "\u2062",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "right-to-left embedding": "\u202b",
    "right-to-left override": "\u202e",
    "right-to-left isolate": "\u2067",
    "first strong isolate": "\u2068",
    "pop isolate": "\u2069",
    "Mongolian vowel separator": "\u180e",
    "interlinear annotation": "\ufff9",
    "tag": "\U000e0041",
    "language tag": "\U000e0001",
    "private use": "\ue000",
    "unassigned and ignorable": "\u2065",
    "noncharacter": "\uffff",
    "lone surrogate": "\ud800",
}


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "A",
            "x" * 64,
            "Åsa Öberg",
            "김철수",
            "عائشة",
            "می\u200cخواهم",
            "🧑🏽\u200d🚀",
            "D'Arcy & <Sons>",
            "e\u0301",
        ],
    )
    def test_name_takes_many_scripts(self, name):
        assert accept({"name": name}) == {"name": name}

    def test_blanks_around_are_trimmed(self):
        assert accept({"name": " \u00a0Ada\u3000 "}) == {"name": "Ada"}

    @pytest.mark.parametrize("name", ["", " ", "\n", "\u3000", "x" * 65, "x" * 1_000_000])
    def test_name_has_1_to_64_characters(self, name):
        assert field_blamed_for({"name": name}) == "name"

    def test_64_characters_are_counted_after_trimming(self):
        assert accept({"name": " " * 100 + "x" * 64}) == {"name": "x" * 64}

    @pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN)
    def test_name_with_invisible_characters_is_rejected(self, character):
        assert field_blamed_for({"name": f"A{character}da"}) == "name"

    @pytest.mark.parametrize("name", ["\u200d", "\u200c\u200c", " \u200d ", "\u200d \u200d"])
    def test_joiners_alone_are_rejected(self, name):
        assert field_blamed_for({"name": name}) == "name"


class TestImages:
    @pytest.mark.parametrize(
        "image", ["", "https://example.org", "https://example.org/a?b=c#d", "https://[::1]/a"]
    )
    def test_image_is_empty_or_an_https_address(self, image):
        assert accept({"image": image}) == {"image": image}

    def test_image_can_be_taken_away(self):
        with_image = CURRENT | {"image": "https://example.org/ada.png"}
        assert SCHEMA.accept(with_image, {"image": None}, "client") == {"image": None}

    def test_image_has_at_most_2048_characters(self):
        longest = "https://example.org/" + "x" * 2028
        assert accept({"image": longest}) == {"image": longest}
        assert field_blamed_for({"image": longest + "x"}) == "image"

    @pytest.mark.parametrize(
        "image",
        [
            "http://example.org",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "//example.org/a.png",
            "/a.png",
            "https:",
            "https://",
            "https:///a.png",
            "https:example.org",
            "https:\\\\example.org",
            "https://example.org/a b",
            "https://example.org/\n",
            " https://example.org",
            "java\tscript:alert(1)",
            "https://[",
            "https://[::1",
            "https://example.org\u202e/a.png",
            "https://example.org\u2100/a.png",
        ],
    )
    def test_invalid_image_error_says_what_it_takes(self, image):
        with pytest.raises(UpdateRejected, match="image must ") as refused:
            accept({"image": image})
        assert refused.value.field == "image"


class TestWhatTheServerMayChange:
    def test_server_changes_the_role(self):
        assert accept({"role": "admin"}, "server") == {"role": "admin"}

    def test_server_changes_role_and_name_together(self):
        asked = {"role": "admin", "name": "Ada"}
        assert accept(asked, "server") == asked

    def test_server_cannot_change_the_id(self):
        assert field_blamed_for({"id": "eve"}, "server") == "id"

    def test_server_cannot_add_a_field(self):
        assert field_blamed_for({"is_admin": True}, "server") == "is_admin"

    @pytest.mark.parametrize("value", [1, True, None, ["admin"], {}])
    def test_server_cannot_set_a_role_of_another_type(self, value):
        assert field_blamed_for({"role": value}, "server") == "role"

    def test_server_cannot_set_an_invalid_name(self):
        assert field_blamed_for({"name": "A\u202eda"}, "server") == "name"

    def test_server_cannot_change_a_valid_field_with_an_invalid_one(self):
        assert field_blamed_for({"name": "Ada", "role": 1}, "server") == "role"
        assert field_blamed_for({"name": "", "role": "admin"}, "server") == "name"


class TestOpeningMoreFields:
    def test_field_is_opened_by_naming_it_in_the_update_model(self):
        class Update(UserUpdate):
            role: str = "user"

        assert UserSchema(Person, Update).accept(CURRENT, {"role": "admin"}, "client") == {
            "role": "admin"
        }


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*CURRENT, "rev"]) | st.text(), ANYTHING, max_size=5) | ANYTHING
)
def test_any_patch_changes_only_name_and_image_to_valid_values(asked):
    try:
        accepted = accept(asked)
    except UpdateRejected:
        return
    assert accepted.keys() <= {"name", "image"}
    assert accepted.keys() <= asked.keys()
    assert Person.model_validate(CURRENT | accepted)
    assert json.dumps(accepted, ensure_ascii=False).encode()


@given(st.text(min_size=1, max_size=70))
def test_accepted_name_is_accepted_again_unchanged(name):
    try:
        (kept,) = accept({"name": name}).values()
    except (UpdateRejected, ValueError):
        return
    assert accept({"name": kept}) == {"name": kept}
