"""Who is calling: what authentication makes, and what every view asks."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from paycore.lib.roles import Role, Scope

__all__ = ["Principal", "Role", "Scope"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, or a server holding one of a person's API keys.

    `scopes` is None for a person with a token, who may do all that their role allows;
    for a key it is what the key was given.
    """

    user_id: UUID
    role: Role
    scopes: frozenset[str] | None = None
    api_key_id: UUID | None = None

    # What Django REST framework asks of `request.user`.
    is_authenticated: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """`user:<uuid>`: the person, so a new token or a rotated key is the same one.

        Idempotency keys, rate limits and events go by it.
        """
        return f"user:{self.user_id}"

    @property
    def is_operator(self) -> bool:
        return self.role in {Role.OPERATOR, Role.ADMIN}

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def sees_only(self) -> UUID | None:
        """Whose objects this caller may see; None: everybody's."""
        return None if self.is_operator else self.user_id

    def has_scope(self, scope: Scope) -> bool:
        if self.scopes is None:
            return True
        return scope in self.scopes or Scope.ADMIN in self.scopes
