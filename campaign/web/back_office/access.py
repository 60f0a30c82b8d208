"""Who may open a page of the back office: somebody who is logged in and has the role for it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, redirect

from campaign.organisers.rules import Role, actor_of, allows
from campaign.web.shared.accounts import Account, find_account, login_address

View = TypeVar("View", bound=Callable[..., Any])


def requires(role: Role) -> Callable[[View], View]:
    """Let only organisers of this role or one above it open a view; others log in or get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            account = find_account()
            if account is None:
                return redirect(login_address(), 303)
            if not allows(account.role, role):
                abort(403)
            return view(*args, **kwargs)

        return cast(View, guarded)

    return decorate


def current_account() -> Account:
    """Return the organiser who is logged in; only for views that ``requires`` guards."""
    account = find_account()
    if account is None:  # A view without a guard: refuse rather than act for nobody.
        abort(403)
    return account


def current_actor() -> str:
    """Return how the organiser who is logged in is named in other domains' records."""
    return actor_of(current_account().id)
