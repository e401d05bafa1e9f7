"""Whether a session that was kept fits the app's user model, which may be newer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from pydantic import ValidationError

from .record import SessionRecord
from .schema import UserSchema

logger = logging.getLogger("authdemo.sessions")

_MOST_KNOWN = 16_384


class IncompatibleUser(Exception):
    """A user whom the app can't read."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


@dataclass(frozen=True, eq=False)
class SchemaMigrator:
    """Brings the users of sessions in line with the app's model, as far as they can be."""

    schema: UserSchema
    known: dict[str, SessionRecord] = field(default_factory=dict, init=False)
    _logged: set[str] = field(default_factory=set, init=False)

    def fit(self, record: SessionRecord) -> SessionRecord:
        """Show a session as if it had begun with the model that the app has now."""
        try:
            read = self.schema.read_older(record.user)
        except ValidationError as error:
            raise self._misfit(error) from error
        user = self.schema.write(read, record.user, before=read)
        if user != record.user:
            return record.model_copy(update={"user": user})
        self.know(record)
        return record

    def know(self, record: SessionRecord) -> None:
        """Remember that a user fits."""
        self.known[record.id] = record
        if len(self.known) > _MOST_KNOWN:
            del self.known[next(iter(self.known))]

    def _misfit(self, error: ValidationError) -> IncompatibleUser:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        broken = {
            str(detail["loc"][0]) if detail["loc"] else "": detail["type"] for detail in found
        }
        said = ", ".join(f"{field or 'all'}: {rule}" for field, rule in broken.items())
        if said not in self._logged:
            self._logged.add(said)
            logger.error(
                "Ending sessions that no longer match user model %s (%s).",
                self.schema.user.__name__,
                said,
            )
        return IncompatibleUser(tuple(filter(None, broken)))
