import reflex as rx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def photos(request):
    folder = rx.get_upload_dir() / "everyone"
    names = sorted(path.name for path in folder.glob("*"))
    return JSONResponse(names[: int(request.query_params.get("limit", 10))])


api = Starlette(routes=[Route("/api/photos", photos)])
