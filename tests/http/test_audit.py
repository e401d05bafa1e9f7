"""The audit trail: what an auditor wants to know is there, and no secret is (ASVS 16.3)."""

from __future__ import annotations

import hashlib

import jwt

from tests.support.browser import PASSWORD, Browser, newest, public

AS_CURL = {"User-Agent": "curl/8 (audit)"}


def test_sign_in_is_audited_with_user_and_address(john: Browser) -> None:
    entry = newest(john, kind="sign-in", session=public(john))
    assert (entry["user"], entry["ip"]) == ("john_doe", "127.0.0.1")
    assert entry["at"].endswith("Z")
    assert entry["user_agent"].startswith("python-httpx/")


def test_failed_sign_in_is_audited_with_account_and_reason(browser: Browser) -> None:
    browser.log_in("audited", "wrong")
    entry = newest(browser, kind="sign-in-failed", user="audited")
    assert (entry["reason"], entry["ip"]) == ("CredentialsSignin", "127.0.0.1")


def test_update_is_audited_with_fields_and_without_values(john: Browser) -> None:
    john.update({"name": "An Unlikely Name"})
    entry = newest(john, kind="update", session=public(john))
    assert (entry["fields"], entry["author"], entry["user"]) == (["name"], "client", "john_doe")
    assert "An Unlikely Name" not in str(john.server.audited())


def test_rejected_update_is_audited_with_field_and_session(john: Browser) -> None:
    assert john.update({"role": "admin"}).status_code == 422
    entry = newest(john, kind="refused", session=public(john))
    assert (entry["reason"], entry["fields"]) == ("UpdateRejected", ["role"])
    assert entry["path"] == "/api/auth/session"


def test_forged_request_is_audited(john: Browser) -> None:
    body = {"csrfToken": "forged", "data": {"name": "Forged"}}
    john.post("/api/auth/session", json=body, headers=AS_CURL)
    entry = newest(john, user_agent=AS_CURL["User-Agent"], session=public(john))
    assert (entry["kind"], entry["reason"]) == ("refused", "RequestRejected")


def test_end_of_a_session_is_audited_with_its_reason(john: Browser) -> None:
    session = public(john)
    john.log_out()
    assert newest(john, kind="ended", session=session)["reason"] == "signed-out"


def test_revocation_is_audited(john: Browser) -> None:
    session = public(john)
    john.revoke(all=True)
    assert newest(john, kind="ended", session=session)["reason"] == "revoked"


def test_input_forges_no_audit_entry_and_no_log_line(browser: Browser) -> None:
    browser.log_in('x\n2026-01-01 00:00:00,000 INFO FORGED {"kind": "sign-in"}', "wrong")
    newest(browser, kind="sign-in-failed")
    forged = [line for line in browser.server.logged().splitlines() if line.startswith("2026-01")]
    assert forged == []
    assert not browser.server.audited(kind="sign-in", user="FORGED")


def test_audit_entries_hold_no_secret(john: Browser) -> None:
    john.update({"name": "Someone"})
    john.log_in("john_doe", "a password that was typed wrong")
    newest(john, kind="sign-in-failed")
    log = john.server.logged()
    cookies = [cookie.split("%7C")[0] for cookie in john.cookies.values()]
    for secret in (PASSWORD, "a password that was typed wrong", *cookies):
        assert secret not in log


def test_session_is_audited_by_its_public_id(john: Browser) -> None:
    sid = str(jwt.decode(john.token or "", options={"verify_signature": False})["sid"])
    name = public(john)
    assert name == hashlib.sha256(sid.encode()).hexdigest()[:32]
    newest(john, kind="sign-in", session=name)
    assert sid not in john.server.logged()
    assert sid not in str(john.sessions())
