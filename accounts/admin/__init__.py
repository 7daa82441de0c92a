"""What staff see of people, their keys, and the accounts they hold."""

from accounts.admin.keys import ApiKeyPages
from accounts.admin.people import UserPages

__all__ = ["ApiKeyPages", "UserPages"]
