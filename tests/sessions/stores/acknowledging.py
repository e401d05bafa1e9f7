"""Signs in and updates as fast as it can, and says on stdout what was acknowledged."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.support.house import build


async def main(folder: Path) -> None:
    house = build(folder)
    await house.store.open()

    async def live() -> None:
        while True:
            record = await house.sign_in()
            acknowledge(record.id, record.rev, record.user["name"])
            for number in range(20):
                record = await house.rename(record, f"Ada {number}")
                acknowledge(record.id, record.rev, record.user["name"])
            await house.sessions.end(record.id, "signed-out")
            acknowledge(record.id, 0, "")

    await asyncio.gather(*(live() for _ in range(4)))


def acknowledge(sid: str, rev: int, name: str) -> None:
    print(json.dumps([sid, rev, name]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
