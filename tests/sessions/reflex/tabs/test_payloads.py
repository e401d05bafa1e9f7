"""What a handler's annotations say of the JSON that may come for it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Optional, TypedDict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator
from reflex.event import EventHandler
from reflex_base.event.processor.base_state_processor import _transform_event_arg
from reflex_base.utils.form import FormData

from authdemo.sessions.reflex.tabs.messages import mismatched_argument


class Model(BaseModel):
    name: str = ""


class Typed(TypedDict):
    name: str


@dataclass
class Plain:
    name: str = ""


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    LARGE = 3


@dataclass
class Paint:
    colour: Colour
    litres: float = 1
    label: Plain | None = None


class Strict(BaseModel):
    colour: Colour
    paints: list[Plain] = []

    @field_validator("colour")
    @classmethod
    def _is_not_red(cls, colour: Colour) -> Colour:
        if colour is Colour.RED:
            raise LookupError("an app's validator may raise anything")
        return colour


@dataclass
class Fussy:
    name: str

    def __post_init__(self) -> None:
        if self.name == "hunter2":
            raise RuntimeError("an app's own type may raise anything")


def _nested(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    names = st.sampled_from(["name", "colour", "litres", "label", "paints", "__reflex_form_data__"])
    return st.lists(values) | st.dictionaries(names, values)


FORM = {"__reflex_form_data__": [["name", "Ada"], ["name", "Grace"]]}
OBJECTS = (dict, dict[str, Any], Mapping[str, str], Model, Typed, Plain, FormData)
ARRAYS = (list, list[str], tuple[int, ...], set, Sequence[str])
SCALARS = (str, int, float, bool)


NOTHING_LIKE_IT: tuple[object, ...] = (None, 5, "Ada", True)


def is_taken(hint: Any, value: object) -> bool:
    def handle(self, given):
        pass

    handle.__annotations__ = {"given": hint}
    return mismatched_argument(EventHandler(fn=handle), {"given": value}) is None


@pytest.mark.parametrize("hint", OBJECTS, ids=str)
def test_an_object_is_an_object_or_a_form(hint: Any) -> None:
    assert is_taken(hint, {"name": "Ada"})
    assert is_taken(hint, FORM)
    assert not any(is_taken(hint, value) for value in (*NOTHING_LIKE_IT, []))


@pytest.mark.parametrize("hint", ARRAYS, ids=str)
def test_an_array_is_an_array(hint: Any) -> None:
    assert is_taken(hint, [])
    assert not any(is_taken(hint, value) for value in (*NOTHING_LIKE_IT, {}, FORM))


@pytest.mark.parametrize("hint", SCALARS, ids=str)
def test_a_number_may_come_as_text_and_an_emptied_field_as_nothing(hint: Any) -> None:
    taken: tuple[object, ...] = ("1", 1, 1.5, True, "", None)
    assert all(is_taken(hint, value) for value in taken)
    assert not is_taken(hint, {})
    assert not is_taken(hint, [])
    assert not is_taken(hint, FORM)


@pytest.mark.parametrize("hint", [int, float])
def test_text_that_is_no_number_is_none(hint: Any) -> None:
    assert not is_taken(hint, "Ada")


def test_a_union_takes_what_one_of_them_takes() -> None:
    for hint in (dict[str, Any] | None, Optional[Annotated[dict, "a form"]]):  # noqa: UP045
        assert is_taken(hint, None)
        assert is_taken(hint, {})
        assert not is_taken(hint, 5)
    assert all(is_taken(int | list[int], value) for value in (1, [1]))


@pytest.mark.parametrize("hint", [Any, object, Literal["red"], "Unknown"], ids=str)
def test_where_nobody_can_tell_the_handler_decides(hint: Any) -> None:
    assert all(is_taken(hint, value) for value in (*NOTHING_LIKE_IT, "red", [], {}))


@pytest.mark.parametrize("fields", [5, True, ["x"], [["a", 1], 5], [[["a"], 1]], [[5, 1]]], ids=str)
def test_a_form_whose_fields_are_none_is_no_form(fields: object) -> None:
    assert not is_taken(dict[str, Any], {"__reflex_form_data__": fields})


def test_an_enum_takes_its_members_alone() -> None:
    assert is_taken(Colour, "red")
    assert is_taken(Colour | None, "red")
    assert is_taken(Colour | None, None)
    assert is_taken(Size, 3)
    others: tuple[object, ...] = ("", "green", "en\nFORGED", None, 5, [], {}, ["red"])
    assert not any(is_taken(Colour, value) for value in others)
    assert not is_taken(Colour | None, "green")
    assert not is_taken(Colour | Size, "green")


PAINTS: tuple[dict[str, Any], ...] = (
    {"colour": "red"},
    {"colour": "blue", "litres": "2.5"},
    {"colour": "red", "label": {"name": "x"}},
)
NO_PAINTS: tuple[dict[str, Any], ...] = (
    {},
    {"colour": "green"},
    {"colour": "red", "password": "hunter2"},
    {"colour": "red", "litres": "many"},
    {"colour": "red", "label": {"title": "x"}},
    {"colour": "red", "label": 5},
)


@pytest.mark.parametrize("hint", [Paint, Paint | None], ids=str)
def test_a_dataclass_takes_its_fields_alone(hint: Any) -> None:
    assert all(is_taken(hint, value) for value in PAINTS)
    assert not any(is_taken(hint, value) for value in NO_PAINTS)


def test_a_dataclass_that_raises_takes_nothing() -> None:
    assert is_taken(Fussy, {"name": "Ada"})
    assert not is_taken(Fussy, {"name": "hunter2"})


def test_a_model_takes_what_it_validates() -> None:
    assert is_taken(Strict, {"colour": "blue", "paints": [{"name": "x"}]})
    for value in ({}, {"colour": "green"}, {"colour": "red"}, {"colour": "blue", "paints": [5]}):
        assert not is_taken(Strict, value)


@pytest.mark.parametrize("hint", [datetime, date, time, UUID], ids=str)
def test_text_that_is_no_moment_and_no_id_is_none(hint: Any) -> None:
    assert not is_taken(hint, "hunter2")
    assert is_taken(hint, str(UUID(int=5)) if hint is UUID else hint.max.isoformat())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), _nested))
def test_what_passes_is_what_reflex_converts(value: object) -> None:
    """Reflex logs the value of what it can't convert."""
    for hint in (Colour, Paint, Strict, Fussy, Model, UUID, datetime, set[str], Paint | None):
        if value != "" and is_taken(hint, value):
            _transform_event_arg(value, hint)
