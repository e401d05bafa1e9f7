"""A tab of the demo: it knows the demo's states."""

from __future__ import annotations

from typing import Any

from authdemo import testing
from authdemo.testing import wait_until

ROOT_STATE = "reflex___state____state"
SESSION_STATE = f"{ROOT_STATE}.authdemo___sessions___reflex___tabs___state____session_state"
DEVTOOLS_STATE = f"{ROOT_STATE}.authdemo___devtools___state____devtools_state"
HOME_STATE = f"{ROOT_STATE}.authdemo___pages___home____home_state"
LOG_OUT_STATE = f"{ROOT_STATE}.authdemo___ui___log_out____log_out_state"
LOGIN_STATE = f"{ROOT_STATE}.authdemo___pages___login____login_state"
REGISTER_STATE = f"{ROOT_STATE}.authdemo___pages___register____register_state"
ACCOUNT_STATE = f"{ROOT_STATE}.authdemo___pages___account____account_state"
ADMIN_STATE = f"{ROOT_STATE}.authdemo___pages___admin____admin_state"
ATTACKS_STATE = f"{ROOT_STATE}.authdemo___devtools___attack_state____attacks_state"


class Tab(testing.Tab):
    """Presses the demo's buttons."""

    def server_update(self) -> None:
        """Press the button that updates the session from the server."""
        self.call(f"{HOME_STATE}.server_update")

    def log_in(self, account: str = "john_doe", password: str = "tutorial") -> str:
        """Send the login form, and wait for the ticket."""
        self.call(f"{LOGIN_STATE}.log_in", form={"id": account, "password": password})
        wait_until(lambda: self.var(SESSION_STATE, "ticket") or self.var(LOGIN_STATE, "error"))
        return str(self.var(SESSION_STATE, "ticket") or "")

    def register(self, **form: Any) -> str:
        """Send the form that registers, and wait for the ticket, or for `errors` to say why not."""
        self.forget(REGISTER_STATE)
        self.call(f"{REGISTER_STATE}.register", form=form)
        wait_until(lambda: self.var(SESSION_STATE, "ticket") or self.errors)
        return str(self.var(SESSION_STATE, "ticket") or "")

    def forget(self, state: str) -> None:
        """Forget the vars of a state, so that only new ones count."""
        self._vars.pop(state, None)

    @property
    def errors(self) -> dict[str, dict[str, Any]]:
        """Why nobody was registered, by field, as the tab shows it."""
        errors: dict[str, dict[str, Any]] = self.var(REGISTER_STATE, "errors") or {}
        return errors
