"""The security policy of pages: Content-Security-Policy (CSP Level 3), framing and openers."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import resources

from ...core.arguments import did_you_mean, shown
from ...core.errors import ConfigurationError

SELF, NONE = "'self'", "'none'"

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "default-src": (SELF,),
    "script-src": (SELF,),
    "style-src": (SELF, "'unsafe-inline'"),
    "img-src": (SELF, "https:", "data:", "blob:"),
    "font-src": (SELF, "data:"),
    "media-src": (SELF, "data:", "blob:"),
    "worker-src": (SELF, "blob:"),
    "object-src": (NONE,),
    "base-uri": (NONE,),
    "form-action": (SELF,),
    "frame-ancestors": (NONE,),
}
"""What Reflex's own components need. Emotion, its style library, writes inline styles at run time,
KaTeX's fonts and Plotly's pictures are `data:`, previews of uploads are `blob:`."""

_FETCHED = ("child-src", "connect-src", "frame-src", "manifest-src")
_PLAIN = ("upgrade-insecure-requests",)
_REPORTED = ("report-uri",)
_FOR_SCRIPTS = ("default-src", "script-src")
_DIRECTIVES = (*DEFAULTS, *_FETCHED, *_PLAIN, *_REPORTED)

_LABEL = r"[\w-]+"
_HOST = re.compile(
    rf"(?:[a-z][a-z0-9+.-]*://)?(?:\*\.)?{_LABEL}(?:\.{_LABEL})*(?::(?:\d{{1,5}}|\*))?(?:/(?!/)[^\s;,?#]*)?",
    re.IGNORECASE | re.ASCII,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HASH = re.compile(r"'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'")
_URL = re.compile(r"(?:https?://[^\s;,]+|/[^\s;,]*)")
_KEYWORDS = (SELF, NONE, "'unsafe-inline'", "'wasm-unsafe-eval'", "'unsafe-hashes'")
_IN_SCRIPTS = {
    "'unsafe-inline'": (
        "browsers ignore it beside the hashes of the pages' own scripts, and without them it would "
        "run every script that an attacker gets into a page. Put the script into a file of the "
        "app's assets, or add its hash"
    ),
    "'unsafe-eval'": (
        "it runs text as code, also an attacker's. If the app needs that, pass allow_eval=True"
    ),
    "'strict-dynamic'": "it forbids the pages' own files. Name the hosts of the scripts",
}
_OPEN_SCHEMES = ("http:", "https:", "data:", "blob:")

COOPS = ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none")

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_HEAD = re.compile(r"<head\b[^>]*>")
_EARLY = resources.files(__package__).joinpath("early.js").read_text("utf-8").split("\n")
RECORDER = (
    '<script>addEventListener("securitypolicyviolation",e=>(window.violations??=[]).push(e));'
    f"{''.join(map(str.strip, _EARLY))}document.currentScript.remove()</script>"
)
"""Keeps what happens before the page's own scripts run; React finds the head as it was.

`violations.js` reads what the browser reports. `early.js` of the components reads what the user
types and sends: a form that has an `action` goes its way, and any other waits until the page is
live.
"""

logger = logging.getLogger("authdemo.sessions")


@dataclass(frozen=True)
class Policy:
    """What browsers may load, run, frame and open on an app's pages.

    Attributes:
        csp: The app's own sources, for each directive.
        coop: The `Cross-Origin-Opener-Policy`.
        allow_eval: Whether scripts may use `eval`, which Reflex's front end needs for
            `rx.call_script`; `calls.js` runs `rx.toast` and the like without.
        form_targets: The origins of sign-in pages, to which forms may lead.
    """

    csp: Mapping[str, Collection[str]] = field(default_factory=dict)
    coop: str = "same-origin"
    allow_eval: bool = False
    form_targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.coop not in COOPS:
            raise ConfigurationError(
                f"SessionsPlugin(coop=...) takes {', '.join(COOPS)}, not {shown(self.coop)}."
            )
        if not isinstance(self.csp, Mapping):
            raise ConfigurationError(
                'SessionsPlugin(csp=...) takes the sources of directives, like {"font-src": '
                f'["https://fonts.gstatic.com"]}}, not {shown(self.csp)}.'
            )
        for directive, sources in self.csp.items():
            _check(directive, sources)

    def warn(self) -> None:
        """Warn of schemes from which an attacker could load scripts."""
        for directive in _FOR_SCRIPTS:
            for scheme in {*self.csp.get(directive, ())}.intersection(_OPEN_SCHEMES):
                logger.warning(
                    "SessionsPlugin(csp=...): %s in %s lets a page run scripts from anywhere, also "
                    "an attacker's. Name the hosts.",
                    scheme,
                    directive,
                )

    def of(self, document: str) -> str:
        """Create the Content-Security-Policy of a built page, whose inline scripts have hashes."""
        evaluation = ["'unsafe-eval'"] if self.allow_eval else []
        hashes = sorted({_hash(script) for script in _INLINE_SCRIPT.findall(document)})
        own = {"script-src": (*evaluation, *hashes), "form-action": self.form_targets}
        return "; ".join(
            " ".join((name, *self._sources(name, own.get(name, ()))))
            for name in dict.fromkeys((*DEFAULTS, *self.csp))
        )

    def headers(self, document: str) -> dict[str, str]:
        ancestors = self._sources("frame-ancestors")
        older = {NONE: "DENY", SELF: "SAMEORIGIN"}.get(" ".join(ancestors))
        return {
            "cross-origin-opener-policy": self.coop,
            **({"x-frame-options": older} if older else {}),
            "content-security-policy": self.of(document),
        }

    def _sources(self, directive: str, own: Collection[str] = ()) -> tuple[str, ...]:
        """List the sources of a directive; those that have no default are what `default-src` is."""
        named = self.csp.get(directive, ())
        if directive in (*_PLAIN, *_REPORTED) or tuple(named) == (NONE,):
            return tuple(named)
        if directive not in DEFAULTS:
            own = self._sources("default-src")
        both = dict.fromkeys((*DEFAULTS.get(directive, ()), *own, *named))
        return tuple(each for each in both if each != NONE or len(both) == 1)


STRICT = Policy()
"""The policy of pages without further needs."""


def recorded(document: str) -> str:
    """Have a page keep what its policy forbids, from its first tag on."""
    return _HEAD.sub(lambda found: found[0] + RECORDER, document, count=1)


def _check(directive: object, sources: object) -> None:
    where = f"SessionsPlugin(csp={{{directive!r}: ...}})"
    if directive not in _DIRECTIVES:
        hint = did_you_mean(str(directive), _DIRECTIVES) or f" Known are {', '.join(_DIRECTIVES)}."
        raise ConfigurationError(f"{where}: no such directive.{hint}")
    if isinstance(sources, str) or not isinstance(sources, Collection):
        raise ConfigurationError(
            f'{where} takes a list of sources, like ["https://cdn.example"], not {shown(sources)}.'
        )
    problems = (_problem_of(str(directive), source) for source in sources)
    if problem := next(filter(None, problems), _problem_of_all(str(directive), sources)):
        raise ConfigurationError(f"{where}: {problem}.")


def _problem_of_all(directive: str, sources: Collection[str]) -> str:
    """Say what is wrong with sources that are right each by itself."""
    if directive in _PLAIN and sources:
        return "takes no sources. Pass an empty list"
    return f"{NONE} can't be beside other sources" if NONE in sources and len(sources) > 1 else ""


def _problem_of(directive: str, source: object) -> str:
    """Say what is wrong with a source; empty if nothing is."""
    if not isinstance(source, str):
        return f"{shown(source)} is no text"
    if directive in _REPORTED:
        return "" if _URL.fullmatch(source) else f"{source!r} is no URL"
    if source == "*":
        return "'*' allows every host on the internet. Name the hosts"
    return _problem_of_keyword(directive, source) or _problem_of_name(source)


def _problem_of_keyword(directive: str, source: str) -> str:
    quoted = f"'{source.strip(chr(39))}'"
    if directive in _FOR_SCRIPTS and quoted in _IN_SCRIPTS:
        return f"{quoted} doesn't belong there: {_IN_SCRIPTS[quoted]}"
    is_bare = source != quoted and quoted in (*_KEYWORDS, *_IN_SCRIPTS)
    return f"write {quoted} with its quotes" if is_bare else ""


def _problem_of_name(source: str) -> str:
    if source in _KEYWORDS or any(each.fullmatch(source) for each in (_HASH, _SCHEME, _HOST)):
        return ""
    return (
        f"{source!r} is no source. A host is written like https://cdn.example, a scheme like data:"
    )


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
