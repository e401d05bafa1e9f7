"""A tab of the demo: it knows the demo's states."""

from __future__ import annotations

from authdemo.sessions import testing
from authdemo.sessions.testing import eventually

ROOT_STATE = "reflex___state____state"
SESSION_STATE = f"{ROOT_STATE}.authdemo___sessions___reflex___state____session_state"
OVERVIEW_STATE = f"{ROOT_STATE}.authdemo___sessions___reflex___overview____overview_state"
HOME_STATE = f"{ROOT_STATE}.authdemo___pages___home____home_state"
LOG_OUT_STATE = f"{ROOT_STATE}.authdemo___ui___log_out____log_out_state"
LOGIN_STATE = f"{ROOT_STATE}.authdemo___pages___login____login_state"
ACCOUNT_STATE = f"{ROOT_STATE}.authdemo___pages___account____account_state"
ADMIN_STATE = f"{ROOT_STATE}.authdemo___pages___admin____admin_state"
WORKSHOP_STATE = f"{ROOT_STATE}.authdemo___sessions___workshop___state____workshop_state"


class Tab(testing.Tab):
    """Presses the demo's buttons."""

    def server_update(self) -> None:
        """Press the button that updates the session from the server."""
        self.call(f"{HOME_STATE}.server_update")

    def log_in(self, account: str = "john_doe", password: str = "tutorial") -> str:
        """Send the login form, and wait for the ticket."""
        self.call(f"{LOGIN_STATE}.log_in", form={"id": account, "password": password})
        eventually(lambda: self.var(SESSION_STATE, "ticket") or self.var(LOGIN_STATE, "error"))
        return str(self.var(SESSION_STATE, "ticket") or "")
