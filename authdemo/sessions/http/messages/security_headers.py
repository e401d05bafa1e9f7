"""What browsers are told to forbid on the app's pages."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
_HSTS = {"strict-transport-security": "max-age=63072000"}


def security_headers(policy: str, *, secure: bool) -> dict[str, str]:
    """List the headers of a page.

    Args:
        policy: The page's Content-Security-Policy.
        secure: Whether the page is served over https.

    Returns:
        Names, in lower case, and values.
    """
    return {**_ALWAYS, "content-security-policy": policy, **(_HSTS if secure else {})}


@dataclass(frozen=True, slots=True)
class Policy:
    """What an app's pages may do (CSP Level 3).

    Attributes:
        allow_eval: Whether scripts may be made from text that the server sends.
        form_targets: The origins that forms may lead to beside the app's own. Chromium looks at
            the redirects after a form as well, so the providers are among them where a plain
            form signs in or out.
    """

    allow_eval: bool = False
    form_targets: tuple[str, ...] = ()

    def of(self, document: str) -> str:
        """Write the policy of a built page.

        The inline scripts are the build's own, so each is allowed by its hash, and
        no other is. Inline styles have to stay open in a Reflex app: Emotion, Reflex's
        style library, writes them into the page as it runs. `eval` stays closed unless
        the app needs it: Reflex's front end runs what the server sends by
        `rx.call_script` with it, and so `rx.console_log`, `rx.set_clipboard` and
        `rx.window_alert` when an event handler returns them.

        Args:
            document: The page's HTML as it was built.

        Returns:
            The policy.
        """
        hashes = sorted({_hash(script) for script in _INLINE_SCRIPT.findall(document)})
        evaluation = ["'unsafe-eval'"] if self.allow_eval else []
        rules = {
            "default-src": ["'self'"],
            "script-src": ["'self'", *evaluation, *hashes],
            "style-src": ["'self'", "'unsafe-inline'"],
            "img-src": ["'self'", "https:", "data:"],
            "object-src": ["'none'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'", *self.form_targets],
            "frame-ancestors": ["'none'"],
        }
        return "; ".join(" ".join([name, *sources]) for name, sources in rules.items())


STRICT = Policy()
"""The policy of pages that need nothing more."""


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
