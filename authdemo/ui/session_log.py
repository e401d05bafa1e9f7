"""The session in the browser's console, as the tutorial's client page writes it."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import VarData

from authdemo.sessions import use_session


class SessionLog(rx.Fragment):
    """Writes the session to the console at load and after every change."""

    def add_imports(self) -> dict[str, Any]:
        """Import React's hook."""
        return {"react": "useEffect"}

    def add_hooks(self) -> list[rx.Var[Any]]:
        """Write whenever another revision shows."""
        session = use_session().data
        write = 'console.log("Client Side Rendering", JSON.stringify(session))'
        effect = (
            f'useEffect(() => {{ if (session.status === "authenticated") {write} }}, '
            "[session.status, session.user?.id, session.rev])"
        )
        return [rx.Var(effect, _var_data=VarData.merge(session._get_all_var_data()))]
