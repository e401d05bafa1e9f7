from authdemo.sessions import Auth, Credentials, User


class Member(User):
    role: str = "user"


PEOPLE = {
    "ada": Member(id="ada", name="Ada Lovelace", role="admin"),
    "grace": Member(id="grace", name="Grace Hopper"),
}


async def authorize(form):
    return PEOPLE.get(form.get("id")) if form.get("password") == "tutorial" else None


auth = Auth(
    providers=[Credentials(authorize=authorize)],
    user=Member,
    csrf_exempt=["/hooks/bank"],
)
