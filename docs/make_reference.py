"""Writes docs/reference.md from the docstrings: `make reference`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"
HEAD = """# Reference

Every public name, by the module that has it; made from the docstrings by `make reference`.
"""
CHAPTERS = {
    "Sessions": "authdemo.sessions",
    "Providers": "authdemo.sessions.providers",
    "Components": "authdemo.sessions.components",
    "Locales": "authdemo.sessions.locales",
    "Errors": "authdemo.sessions.errors",
    "Accounts": "authdemo.accounts",
    "Devtools": "authdemo.devtools",
    "Testing": "authdemo.testing",
}
"""The modules; a name that several have is in the first chapter."""
_SIGN_IN = frozenset({"authorization_url", "identify", "new_verifier"})
INTERNAL = {
    "ActiveSession": frozenset({"of"}),
    "Callbacks": frozenset(
        {"ask_authorized", "ask_jwt", "ask_redirect", "ask_session", "ask_sign_in"}
    ),
    "CookieOptions": frozenset({"check", "check_https"}),
    "RedirectProvider": _SIGN_IN,
    "OAuth2": _SIGN_IN,
    "OpenIDConnect": _SIGN_IN | {"logout_url", "verify_logout"},
    "SessionLog": frozenset({"add_hooks"}),
    "SessionsPlugin": frozenset(
        {
            "auth",
            "get_static_assets",
            "post_build",
            "post_compile",
            "pre_compile",
            "register_route",
        }
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
    """Write the page, in Markdown."""
    known: set[str] = set()
    lines = [HEAD]
    for title, place in CHAPTERS.items():
        module = griffe.load(
            place,
            search_paths=[str(ROOT)],
            docstring_parser="google",
            docstring_options={"warn_unknown_params": False, "warn_missing_types": False},
            resolve_aliases=True,
        )
        names = [name for name in public_names(place) if name not in known]
        known.update(names)
        lines += [f"## {title}\n", f"In `{place}`.\n"]
        for name in names:
            thing = _itself(module[name])
            lines += _thing(f"### `{name}{_signature(thing)}`", thing)
    return "\n".join(lines)


def public_names(place: str) -> list[str]:
    """List a module's `__all__`, or all that it has of this package."""
    module = import_module(place)
    ours = (
        name
        for name, each in vars(module).items()
        if name[0] != "_" and str(getattr(each, "__module__", "")).startswith("authdemo.")
    )
    return list(getattr(module, "__all__", None) or sorted(ours))


def _thing(heading: str, thing: griffe.Object) -> Iterator[str]:
    yield f"{heading}\n"
    yield from _docstring(thing)
    if isinstance(thing, griffe.Class):
        members = thing.members if _is_error(thing) else thing.all_members
        made = members.get("__init__")
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
