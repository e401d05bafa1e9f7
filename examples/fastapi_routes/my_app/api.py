"""Routes, a WebSocket, a webhook and bearer tokens beside the pages of the app."""

import hashlib
import hmac
import os
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, WebSocket
from pydantic import BaseModel

from authdemo.sessions import Session, protected

from .auth import Member, auth

api = FastAPI(title="Orders")
orders = APIRouter(prefix="/api/orders", tags=["orders"])
placed: list[dict] = []

Anyone = Annotated[Session[Member] | None, Depends(auth.current)]
SignedIn = Annotated[Session[Member], Depends(auth.required)]


class Order(BaseModel):
    item: str


class NewToken(BaseModel):
    name: str
    scopes: list[str] = []


@api.get("/api/greeting")
async def greet(session: Anyone):
    return f"Hello {session.user.name}" if session else "Hello"


@api.get("/api/me")
async def read_me(session: SignedIn):
    return session.user


@api.put("/api/me")
@protected
async def rename_me(request: Request, name: str):
    session = await auth.update(request, name=name)
    return session.user


@api.post("/api/sign-out")
async def sign_out(request: Request):
    return {"url": await auth.sign_out(request, to="/goodbye")}


@orders.get("")
@protected(scopes="orders:read")
async def list_orders(session: SignedIn):
    return [each for each in placed if each["by"] == session.user.id]


@orders.post("", status_code=201)
@protected(scopes="orders:write")
def place_order(order: Order, session: SignedIn):
    placed.append({"item": order.item, "by": session.user.id})
    return placed[-1]


@orders.delete("")
@protected(roles="admin", fresh=300)
async def delete_orders():
    placed.clear()


@orders.websocket("/feed")
@protected(scopes="orders:read")
async def follow_orders(websocket: WebSocket):
    await websocket.accept()
    async for item in websocket.iter_text():
        session = await auth(websocket)
        await websocket.send_text(f"{session.user.name} wants {item}")


@api.post("/api/tokens")
@protected(fresh=300)
async def create_token(new: NewToken, session: SignedIn):
    return await auth.issue_token(session.user, name=new.name, scopes=new.scopes)


@api.post("/hooks/bank")
async def on_payment(request: Request):
    body, secret = await request.body(), os.environ["BANK_SECRET"].encode()
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, request.headers.get("x-signature", "")):
        raise HTTPException(400, "The signature is wrong.")
    placed.append({"item": body.decode(), "by": "bank"})


api.include_router(orders)
