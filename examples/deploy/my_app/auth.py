from authdemo.accounts import Accounts, Member
from authdemo.sessions import Auth, Credentials, Pages

accounts = Accounts()
auth = Auth(
    providers=[Credentials(authorize=accounts.authorize)],
    find_user=accounts.find,
    user=Member,
    pages=Pages(sign_in="/login", protected=frozenset({"/", "/client"})),
    name="my_app",
)
