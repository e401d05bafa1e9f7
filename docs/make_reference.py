"""Writes docs/reference.md from the docstrings: `make reference`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"
HEAD = """# Reference

Everything that `authdemo.sessions` offers, with `authdemo.accounts` for accounts and
`authdemo.testing` for tests; made from the docstrings by `make reference`.
"""
CHAPTERS = {
    "Setting up": (
        "Auth",
        "SessionsPlugin",
        "Pages",
        "SessionOptions",
        "Settings",
        "SessionStore",
        "Callbacks",
        "Account",
        "Events",
        "User",
        "UserUpdate",
        "AuditEvent",
        "Device",
    ),
    "Providers": (
        "Credentials",
        "OpenIDConnect",
        "google",
        "microsoft",
        "keycloak",
        "auth0",
        "OAuth2",
        "github",
        "providers_from_environ",
        "RedirectProvider",
        "Identity",
    ),
    "Accounts": (
        "Accounts",
        "Member",
        "RegistrationMixin",
        "register_form",
        "sign_up",
        "Registration",
    ),
    "Guards": ("protected", "public", "Session", "ActiveSession", "SessionChange"),
    "Components": (
        "use_session",
        "session_text",
        "use_profile",
        "SessionLog",
        "sign_in_form",
        "home_link",
        "noscript_notice",
        "sign_in_error",
        "no_autocorrect_attrs",
        "provider_buttons",
        "sign_in_with",
        "confirm_form",
        "confirm_button",
    ),
    "Languages": (
        "t",
        "t_dynamic",
        "explain",
        "live_text",
        "verbatim",
        "set_language",
        "current_language",
    ),
}
ERRORS = "Errors"
TESTING = "Testing"
_SIGN_IN = frozenset({"authorization_url", "identify", "new_verifier", "use_clock"})
INTERNAL = {
    "Auth": frozenset({"install", "member", "rules_for", "session_behind"}),
    "Callbacks": frozenset(
        {"ask_authorized", "ask_jwt", "ask_redirect", "ask_session", "ask_sign_in"}
    ),
    "RedirectProvider": _SIGN_IN,
    "OAuth2": _SIGN_IN,
    "OpenIDConnect": _SIGN_IN | {"logout_url", "verify_logout"},
    "SessionLog": frozenset({"add_hooks"}),
    "SessionsPlugin": frozenset(
        {"auth", "get_static_assets", "post_compile", "pre_compile", "register_route"}
    ),
}
"""Methods that this package and Reflex call, and no app."""
LABELS = {
    "parameters": "Takes",
    "attributes": "Has",
    "returns": "Returns",
    "raises": "Raises",
}


def reference() -> str:
    """Write the page.

    Returns:
        It in Markdown.

    Raises:
        ValueError: If a public name that is no error is in no chapter.
    """
    package, accounts, kit = (
        griffe.load(
            f"authdemo.{name}",
            search_paths=[str(ROOT)],
            docstring_parser="google",
            resolve_aliases=True,
        )
        for name in ("sessions", "accounts", "testing")
    )
    parts = (package, accounts, kit)
    public = {name: each[name].final_target for each in parts for name in _names(each)}
    sorted_in = [name for names in CHAPTERS.values() for name in names]
    rest = (*_names(package), *_names(accounts))
    errors = tuple(name for name in rest if name not in sorted_in)
    if lost := [name for name in errors if not _is_raised(public[name])]:
        raise ValueError(f"These names are in no chapter: {', '.join(lost)}.")
    chapters = {**CHAPTERS, ERRORS: errors, TESTING: _names(kit)}
    return "\n".join([HEAD, *_lines(chapters, public)])


def _is_raised(thing: griffe.Object) -> bool:
    """Tell whether it is an error, of this package's tree or of Python's."""
    return isinstance(thing, griffe.Class) and (
        _is_error(thing) or any(str(base).endswith("Error") for base in thing.bases)
    )


def _names(package: griffe.Object | griffe.Alias) -> tuple[str, ...]:
    return tuple(str(name).strip("'") for name in package["__all__"].value.elements)


def _lines(chapters: dict[str, tuple[str, ...]], public: dict[str, griffe.Object]) -> Iterator[str]:
    for title, names in chapters.items():
        yield f"## {title}\n"
        for name in names:
            yield from _thing(f"### `{name}{_signature(public[name])}`", public[name])


def _thing(heading: str, thing: griffe.Object) -> Iterator[str]:
    yield f"{heading}\n"
    yield from _docstring(thing)
    if isinstance(thing, griffe.Class):
        made = thing.all_members.get("__init__")
        if made is not None and made.docstring:
            yield from _docstring(_itself(made), without_text=True)
        for method in _methods(thing):
            yield from _thing(f"#### `{thing.name}.{method.name}{_signature(method)}`", method)


def _methods(thing: griffe.Class) -> Iterator[griffe.Object]:
    if not _is_error(thing):
        for name, member in thing.all_members.items():
            method = _itself(member)
            if name in INTERNAL.get(thing.name, ()):
                continue
            if method.is_function and method.docstring and (name == "__call__" or name[0] != "_"):
                yield method


def _itself(member: griffe.Object | griffe.Alias) -> griffe.Object:
    return member.final_target if isinstance(member, griffe.Alias) else member


def _is_error(thing: griffe.Class) -> bool:
    return "AuthError" in (thing.name, *(str(base) for base in thing.bases)) or any(
        base.name == "AuthError" for base in thing.mro()
    )


def _signature(thing: griffe.Object) -> str:
    if not isinstance(thing, griffe.Function):
        return ""
    names = [
        {"var_positional": "*", "var_keyword": "**"}.get(_kind(each), "") + each.name
        for each in thing.parameters
        if each.name not in ("self", "cls")
    ]
    return f"({', '.join(names)})"


def _kind(parameter: griffe.Parameter) -> str:
    return parameter.kind.name if parameter.kind else ""


def _docstring(thing: griffe.Object, *, without_text: bool = False) -> Iterator[str]:
    for section in thing.docstring.parsed if thing.docstring else ():
        kind = section.kind.value
        if kind == "text" and not without_text:
            yield section.value.replace("::\n", ":\n") + "\n"
        elif kind in LABELS:
            yield f"*{LABELS[kind]}:*\n"
            yield from (_item(kind, each) for each in section.value)
            yield ""


def _item(kind: str, each: griffe.DocstringElement) -> str:
    text = " ".join(each.description.split())
    if kind == "returns":
        return f"- {text}"
    name = str(each.annotation) if kind == "raises" else getattr(each, "name", "")
    return f"- `{name}`: {text}"


if __name__ == "__main__":
    PAGE.write_text(reference())
