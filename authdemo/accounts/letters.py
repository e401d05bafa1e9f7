"""What mails say: plain text and HTML, in the reader's language.

Nothing that others can choose is in a mail, but the account's id: whatever an attacker types as a
name is never mailed to a victim.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from .errors import MailRejected

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PAGE = "font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:2em auto;padding:0 1em"
_LINK = (
    "display:inline-block;padding:.6em 1.2em;border-radius:.5em;background:#1d4ed8;"
    "color:#fff;text-decoration:none;font-weight:600"
)
_SMALL = "font-size:14px;opacity:.8;overflow-wrap:anywhere"


def write_letter(
    template: str,
    texts: Mapping[str, str],
    values: Mapping[str, str],
    *,
    sender: str,
    to: str,
    language: str,
    url: str = "",
) -> EmailMessage:
    """Write a mail; `url` is the link that it is about."""
    site = urlsplit(url).netloc
    facts = {"site": site, **values}

    def text(name: str) -> str:
        return _filled(texts.get(f"mail.{template}.{name}", ""), facts)

    subject, body, note, button = map(text, ("subject", "text", "note", "button"))
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _recipient(to)
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    paragraphs = [body, url, note]
    message.set_content("\n\n".join(filter(None, paragraphs)) + "\n")
    parts = [f"<p>{html.escape(body)}</p>"]
    if url:
        href = html.escape(url)
        parts.append(f'<p><a href="{href}" style="{_LINK}">{html.escape(button)}</a></p>')
        parts.append(f'<p style="{_SMALL}">{html.escape(site)}</p>')
    if note:
        parts.append(f'<p style="{_SMALL}">{html.escape(note)}</p>')
    message.add_alternative(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(subject)}</title></head>"
        f'<body><div style="{_PAGE}">{"".join(parts)}</div></body></html>\n',
        subtype="html",
    )
    message["Content-Language"] = language  # `add_alternative` would move it into the first part
    return message


def _recipient(address: str) -> Address:
    """Make the header, which holds one address and nothing else."""
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise MailRejected("This is no address.") from error
    return Address(addr_spec=checked.ascii_email or checked.normalized)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)
