"""The life of a person here: sign-up, sign-in, suspension, roles."""

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final, Protocol
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.errors import DuplicateUser
from accounts.models import USER_MOVES, Account, AccountStatus, User, UserStatus
from accounts.selectors import find_user_by_email, get_user
from events.services import EventDraft, publish_events
from paycore.lib import db
from paycore.lib.errors import (
    InvalidInput,
    InvalidState,
    PermissionDenied,
    Unauthenticated,
)
from paycore.lib.money import CURRENCIES
from paycore.lib.origin import Origin
from paycore.lib.roles import Role

_EVENT_OF_MOVE: Final = {
    UserStatus.ACTIVE: "user.reactivated",
    UserStatus.CLOSED: "user.closed",
    UserStatus.SUSPENDED: "user.suspended",
}

# Also of an address that nobody has.
WRONG_CREDENTIALS: Final = "The email address or the password is wrong."


class Person(Protocol):
    """Somebody who asks for something: a principal of the API, or staff."""

    @property
    def user_id(self) -> UUID: ...

    @property
    def role(self) -> Role: ...


@dataclass(frozen=True, slots=True)
class UserDraft:
    """Somebody who may sign up, their password hashed."""

    email: str
    password_hash: str = field(repr=False)
    full_name: str
    time_zone: str
    currency: str


def draft_user(
    *,
    email: str,
    password: str,
    full_name: str = "",
    time_zone: str = "UTC",
    currency: str = "USD",
) -> UserDraft:
    """Judge what somebody wants to sign up with, and hash their password.

    On its own because hashing is slow on purpose, and no transaction should wait for
    it. Writes nothing.

    Raises: `InvalidInput` for an address that is none, a weak password or an unknown
    time zone; `UnsupportedCurrency`.
    """
    _refuse_bad_email(email)
    _refuse_weak_password(password, user=User(email=email, full_name=full_name))
    _refuse_unknown_time_zone(time_zone)
    return UserDraft(
        email=email.lower(),
        password_hash=make_password(password),
        full_name=full_name,
        time_zone=time_zone,
        currency=CURRENCIES.get(currency).code,
    )


def create_user(*, draft: UserDraft, origin: Origin) -> User:
    """Sign somebody up.

    Raises: `DuplicateUser`.
    """
    with db.joined_atomic():
        with db.refuse_on({"accounts_user_email_is_unique": DuplicateUser()}):
            user = User.objects.create(
                email=draft.email,
                password=draft.password_hash,
                full_name=draft.full_name,
                time_zone=draft.time_zone,
                currency=draft.currency,
            )
        _announce(user, "user.created", {"status": user.status}, origin=origin)
    return user


def authenticate_user(*, email: str, password: str) -> User:
    """The person with these credentials.

    Raises: `Unauthenticated`, the same and after the same time for an unknown address,
    a wrong password and a closed person; `PermissionDenied` for a suspended one, told
    only to who knows the password.
    """
    user = find_user_by_email(email=email)
    if user is None:
        # As slow as checking a password, so that the time does not tell who is here.
        make_password(password)
        raise Unauthenticated(why=WRONG_CREDENTIALS)
    if not user.check_password(password) or user.status == UserStatus.CLOSED:
        raise Unauthenticated(why=WRONG_CREDENTIALS)
    if user.status == UserStatus.SUSPENDED:
        raise PermissionDenied(why="You are suspended.")
    return user


def suspend_user(*, user_id: UUID, by: Person, reason: str, origin: Origin) -> User:
    """Stop somebody from acting, also with the tokens and keys that they have.

    Raises: `NotFound`; `PermissionDenied` for oneself, and for an admin unless by one;
    `InvalidState` unless active.
    """
    user = get_user(user_id=user_id)
    _refuse_to_judge(user, by=by)
    return _advance(user, to=UserStatus.SUSPENDED, reason=reason, origin=origin)


def reactivate_user(*, user_id: UUID, by: Person, reason: str, origin: Origin) -> User:
    """Let a suspended person act again.

    Raises: `NotFound`; `PermissionDenied` as for `suspend_user`; `InvalidState` unless
    suspended.
    """
    user = get_user(user_id=user_id)
    _refuse_to_judge(user, by=by)
    return _advance(user, to=UserStatus.ACTIVE, reason=reason, origin=origin)


def close_user(*, user_id: UUID, by: Person, reason: str, origin: Origin) -> User:
    """End somebody's time here for good: they never sign in again.

    Raises: `NotFound`; `PermissionDenied` as for `suspend_user`; `InvalidState` when
    they are closed already, or hold an account that is not.
    """
    user = get_user(user_id=user_id)
    _refuse_to_judge(user, by=by)
    held = Account.objects.filter(owner_id=user_id).exclude(status=AccountStatus.CLOSED)
    if held.exists():
        raise InvalidState(why="They hold an account that is not closed.")
    return _advance(user, to=UserStatus.CLOSED, reason=reason, origin=origin)


def set_password(*, user_id: UUID, password: str, origin: Origin) -> User:
    """Give somebody a new password, which ends all their tokens and sessions.

    For commands: whoever may run them chooses, so no password is too weak. Setting the
    same one again changes nothing.

    Raises: `NotFound`.
    """
    user = get_user(user_id=user_id)
    if user.check_password(password):
        return user
    password_hash = make_password(password)
    with db.joined_atomic():
        User.objects.filter(pk=user.pk).update(password=password_hash)
        _announce(user, "user.password_set", {}, origin=origin)
    user.password = password_hash
    return user


def grant_role(*, user_id: UUID, role: Role, origin: Origin) -> User:
    """Give somebody exactly this role. Granting it again changes nothing.

    For commands and the back office; the HTTP API has no such endpoint.

    Raises: `NotFound`.
    """
    user = get_user(user_id=user_id)
    previous = user.role
    if previous == role:
        return user
    with db.joined_atomic():
        groups = [Group.objects.get_or_create(name=role)[0]] if role.is_staff else []
        user.groups.set(groups)
        User.objects.filter(pk=user.pk).update(
            is_staff=role.is_staff, is_superuser=False
        )
        data = {"from": previous.value, "to": role.value}
        _announce(user, "user.role_granted", data, origin=origin)
    return get_user(user_id=user_id)


def _refuse_bad_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput(
            pointer="/email", why="This is not an email address."
        ) from None
    if not email.isascii():
        # Else the database and Python might not agree what its lower case is.
        raise InvalidInput(
            pointer="/email", why="Write an international domain in its xn-- form."
        )


def _refuse_weak_password(password: str, *, user: User) -> None:
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise InvalidInput(pointer="/password", why=" ".join(error.messages)) from None


def _refuse_unknown_time_zone(name: str) -> None:
    if name not in _time_zones():
        raise InvalidInput(
            pointer="/time_zone", why="This is not an IANA time zone, like Asia/Tokyo."
        )


@cache
def _time_zones() -> frozenset[str]:
    # From the package, not the machine: every server must accept the same names.
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(names.split())


def _refuse_to_judge(user: User, *, by: Person) -> None:
    if user.pk == by.user_id:
        raise PermissionDenied(why="Nobody does this to themselves.")
    if user.role is Role.ADMIN and by.role is not Role.ADMIN:
        raise PermissionDenied(why="Only an admin does this to an admin.")


def _advance(user: User, *, to: UserStatus, reason: str, origin: Origin) -> User:
    # Compare-and-set: of two racing callers exactly one updates a row, so no
    # status is read, decided upon and written back.
    sources = [status for status, targets in USER_MOVES.items() if to in targets]
    with db.joined_atomic():
        rows = User.objects.filter(pk=user.pk, status__in=sources)
        if rows.update(status=to) == 0:
            user.refresh_from_db(fields=["status"])
            raise InvalidState(why=f"Somebody who is {user.status} cannot become {to}.")
        data = {"from": user.status, "to": to.value, "reason": reason}
        _announce(user, _EVENT_OF_MOVE[to], data, origin=origin)
    user.status = to
    return user


def _announce(user: User, event: str, data: dict[str, str], *, origin: Origin) -> None:
    # Never names or addresses: the log is kept for ever and is sent to subscribers.
    draft = EventDraft(
        type=event,
        subject_type="user",
        subject_id=user.pk,
        owner_ids=(user.pk,),
        data=data,
    )
    publish_events([draft], origin=origin)
