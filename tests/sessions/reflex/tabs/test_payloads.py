"""What a handler's annotations say of the JSON that may come for it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional, TypedDict

import pytest
from pydantic import BaseModel
from reflex.event import EventHandler
from reflex_base.utils.form import FormData

from authdemo.sessions.reflex.tabs.payloads import fits


class Model(BaseModel):
    name: str = ""


class Typed(TypedDict):
    name: str


@dataclass
class Plain:
    name: str = ""


class Colour(enum.Enum):
    RED = "red"


FORM = {"__reflex_form_data__": [["name", "Ada"], ["name", "Grace"]]}
OBJECTS = (dict, dict[str, Any], Mapping[str, str], Model, Typed, Plain, FormData)
ARRAYS = (list, list[str], tuple[int, ...], set, Sequence[str])
SCALARS = (str, int, float, bool)


NOTHING_LIKE_IT: tuple[object, ...] = (None, 5, "Ada", True)


def is_taken(hint: Any, value: object) -> bool:
    def handle(self, given):
        pass

    handle.__annotations__ = {"given": hint}
    return fits(EventHandler(fn=handle), {"given": value})


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


@pytest.mark.parametrize("hint", [Any, object, Literal["red"], Colour, "Unknown"], ids=str)
def test_where_nobody_can_tell_the_handler_decides(hint: Any) -> None:
    assert all(is_taken(hint, value) for value in (*NOTHING_LIKE_IT, "red", [], {}))


@pytest.mark.parametrize("fields", [5, True, ["x"], [["a", 1], 5], [[["a"], 1]], [[5, 1]]], ids=str)
def test_a_form_whose_fields_are_none_is_no_form(fields: object) -> None:
    assert not is_taken(dict[str, Any], {"__reflex_form_data__": fields})
