"""Sealing what must be kept but not read: encrypted before it reaches a table.

Fernet (AES-128-CBC with HMAC-SHA256, github.com/fernet/spec): whoever has only the
database, or a backup of it, learns nothing and can change nothing unnoticed.
"""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotUnseal(Exception):
    """None of the keys in `ENCRYPTION_KEYS` sealed this, or somebody changed it."""


def seal(text: str) -> str:
    """Encrypt with the first key. Sealing the same text again looks different."""
    return _keys(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt with whichever key fits, so keys can be replaced one after another.

    Raises: `CannotUnseal`.
    """
    try:
        return _keys(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed).decode()
    except (InvalidToken, ValueError) as error:
        # The latter for what is not even ASCII, so was never sealed.
        raise CannotUnseal("ENCRYPTION_KEYS holds no key that fits.") from error


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
