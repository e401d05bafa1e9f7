import reflex as rx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from authdemo.sessions import protected
from my_app.auth import auth


@protected
async def photos(request):
    session = await auth(request)
    folder = rx.get_upload_dir() / session.user.id
    names = sorted(path.name for path in folder.glob("*"))
    return JSONResponse(names[: int(request.query_params.get("limit", 10))])


api = Starlette(routes=[Route("/api/photos", photos)])
