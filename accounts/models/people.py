"""People: who they are, whether they may act, and their role."""

from typing import Any, ClassVar, Final

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from paycore.lib.ids import new_id
from paycore.lib.roles import Role
from paycore.lib.times import StatementTime


class UserStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


# The whole life of a person here. Statuses without an arrow are final.
USER_MOVES: Final[dict[UserStatus, frozenset[UserStatus]]] = {
    UserStatus.ACTIVE: frozenset({UserStatus.SUSPENDED, UserStatus.CLOSED}),
    UserStatus.SUSPENDED: frozenset({UserStatus.ACTIVE, UserStatus.CLOSED}),
}

# The Django groups that make somebody staff, named like the role they give.
STAFF_GROUPS: Final = (Role.OPERATOR.value, Role.ADMIN.value)


class UserManager(BaseUserManager["User"]):
    """Writes the row, and knows no rules: those are in `accounts.services`.

    `create_superuser` is what Django's command of that name calls.
    """

    def create_user(self, *, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(force_insert=True, using=self._db)
        return user

    def create_superuser(
        self, *, email: str, password: str | None, **fields: Any
    ) -> "User":
        return self.create_user(
            email=email, password=password, is_staff=True, is_superuser=True, **fields
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by email.

    `currency` is what they prefer to see; accounts have their own. Staff are the
    members of the groups `operator` and `admin`, and superusers.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(max_length=254)
    full_name = models.CharField(max_length=200, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=12, default="USD")
    status = models.CharField(
        max_length=10, choices=UserStatus.choices, default=UserStatus.ACTIVE
    )
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    # Signing in writes nothing: a column for it would make every login an UPDATE.
    last_login = None

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # Together: unique whatever the case, and found by a plain `email = ...`.
            models.UniqueConstraint(
                name="accounts_user_email_is_unique", fields=["email"]
            ),
            models.CheckConstraint(
                name="accounts_user_email_is_lowercase",
                condition=Q(email=Lower(F("email"))),
            ),
            models.CheckConstraint(
                name="accounts_user_status_is_known",
                condition=Q(status__in=UserStatus.values),
            ),
            models.CheckConstraint(
                name="accounts_user_superuser_is_staff",
                condition=Q(is_superuser=False) | Q(is_staff=True),
            ),
        ]
        indexes = [
            # The back office's list, newest first, and whom it should look at.
            models.Index(fields=["created_at", "id"], name="accounts_user_by_time"),
            models.Index(
                fields=["created_at"],
                condition=~Q(status="active"),
                name="accounts_user_not_active",
            ),
        ]
        permissions = [
            ("suspend_user", "Can suspend and reactivate people"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """What Django asks before it lets somebody in."""
        return self.status == UserStatus.ACTIVE

    @property
    def role(self) -> Role:
        """From the groups, which selectors prefetch."""
        names = {group.name for group in self.groups.all()}
        return role_of(is_superuser=self.is_superuser, group_names=names)


def role_of(*, is_superuser: bool, group_names: set[str]) -> Role:
    """The highest role that somebody's groups give."""
    if is_superuser or Role.ADMIN in group_names:
        return Role.ADMIN
    if Role.OPERATOR in group_names:
        return Role.OPERATOR
    return Role.USER
