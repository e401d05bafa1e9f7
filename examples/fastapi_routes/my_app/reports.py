"""The same in plain Starlette."""

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import JSONResponse
from starlette.routing import Route

from authdemo.sessions import protected

from .auth import auth


@protected
async def summary(request):
    session = await auth(request)
    return JSONResponse({"for": session.user.name, "role": request.user.role})


@protected(roles="admin")
class Report(HTTPEndpoint):
    async def get(self, request):
        return JSONResponse({"number": request.path_params["number"]})


reports = Starlette(
    routes=[
        Route("/reports", summary),
        Route("/reports/{number:int}", Report),
    ]
)
