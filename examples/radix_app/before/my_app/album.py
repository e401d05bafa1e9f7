import asyncio
from pathlib import Path

import reflex as rx


class Album(rx.State):
    photos: list[str] = []
    progress: int = 0

    def _owner(self):
        return "everyone"

    def _folder(self):
        folder = rx.get_upload_dir() / self._owner()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @rx.var
    def summary(self) -> str:
        return f"{len(self.photos)} photos of {self._owner()}"

    @rx.event
    def load(self):
        self.photos = sorted(f"{self._owner()}/{path.name}" for path in self._folder().iterdir())

    @rx.event
    async def add(self, files: list[rx.UploadFile]):
        if not files:
            yield rx.toast.warning("Choose a photo first.")
            return
        for file in files:
            (self._folder() / Path(file.name).name).write_bytes(await file.read())
        self.load()
        yield rx.clear_selected_files("photos")
        yield rx.toast.success(f"Added to the album of {self._owner()}.")

    @rx.event
    def remove_all(self):
        for path in self._folder().iterdir():
            path.unlink()
        self.load()
        return rx.toast.info("The album is empty.")

    @rx.event(background=True)
    async def report(self):
        for done in range(1, 5):
            await asyncio.sleep(0.2)
            async with self:
                self.progress = 25 * done
        async with self:
            owner = self._owner()
        yield rx.toast.success(f"The report for {owner} is ready.")
