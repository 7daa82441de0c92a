"""How settings read the environment: one function per kind of variable."""

import base64
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

import environ
from django.core.exceptions import ImproperlyConfigured

from paycore.lib.money import CURRENCIES

ROOT: Final = Path(__file__).resolve().parents[2]
# Fewer than these in a long secret is a word typed over and over.
DIFFERENT_CHARACTERS: Final = 8
WEBHOOK_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/]{16,128}={0,2}")
# What a switch may say. To take any other word for "off" would be a guess.
SWITCHES: Final = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}
RATE: Final = re.compile(r"(off|[1-9][0-9]{0,8}/(second|minute|hour))\Z")

env = environ.Env()
# For a person's convenience. The tests must not depend on what it says.
if not os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".test"):
    env.read_env(ROOT / ".env")


def currencies(name: str, *, default: str) -> dict[str, int]:
    """Extra currencies and their decimals, written `BTC=8,XAU=4`."""
    pairs: dict[str, int] = {}
    for pair in filter(
        None, env.str(name, default=default).replace(" ", "").split(",")
    ):
        code, _, decimals = pair.partition("=")
        if not (re.fullmatch("[A-Z]{3,8}", code) and re.fullmatch("[0-8]", decimals)):
            raise ImproperlyConfigured(
                f"{name} must look like BTC=8,XAU=4: a code of 3 to 8 capital letters"
                f" and 0 to 8 decimals. It says {pair!r}."
            )
        pairs[code] = int(decimals)
    return pairs


def require_currencies(
    name: str, codes: Iterable[str], *, beside: Collection[str]
) -> None:
    """Refuse codes that are neither of ISO 4217 nor `beside` it."""
    known = {currency.code for currency in CURRENCIES.all()}.union(beside)
    for code in codes:
        if code not in known:
            raise ImproperlyConfigured(
                f"{name} must name currencies of ISO 4217, or of CURRENCIES. It says"
                f" {code!r}."
            )


def choice(name: str, *, of: Iterable[str], default: str) -> str:
    """One of a few words, in large letters or small."""
    words = {word.lower(): word for word in of}
    text: str = env.str(name, default="").strip() or default
    if text.lower() not in words:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join(words.values())}. It says {text!r}."
        )
    return words[text.lower()]


def switch(name: str, *, default: bool) -> bool:
    """`on` or `off`."""
    text: str = env.str(name, default="").strip().lower()
    if text and text not in SWITCHES:
        raise ImproperlyConfigured(f"{name} must be on or off. It says {text!r}.")
    return SWITCHES.get(text, default)


def rate(name: str, *, default: str) -> str:
    """A limit such as `600/minute`, or `off`."""
    value: str = env.str(name, default=default).strip().lower()
    if not RATE.match(value):
        raise ImproperlyConfigured(
            f"{name} must look like 600/minute (or /second, /hour), or be off."
            f" It says {value!r}."
        )
    return value


def rate_sources(text: str) -> list[tuple[str, str]]:
    """Names and addresses, written `ecb=https://host/path,/srv/rates.csv`."""
    sources = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        named = re.fullmatch(r"([A-Za-z0-9_.-]{1,50})=(.+)", entry)
        sources.append((named[1], named[2]) if named else ("", entry))
    return sources


def whole_number(name: str, *, default: int, least: int = 0) -> int:
    """A whole number; every duration is one, in the unit that its name tells."""
    text = env.str(name, default=str(default)).strip()
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number of at least {least}. It says {text!r}."
        )
    return int(text)


def required(name: str, *, example: str, refused: tuple[str, ...] = ()) -> str:
    """A variable without which production does not start."""
    value: str = env.str(name, default="").strip()
    if not value or value in refused:
        raise ImproperlyConfigured(
            f"Set {name}, for example {name}={example}. Production has no default"
            " for it."
        )
    return value


def required_secret(name: str, *, least: int, default: str | None = None) -> str:
    """A secret that nobody can guess; without a default, one that must be set."""
    value: str = env.str(name, default="").strip()
    if not value and default is not None:
        return default
    if len(value) < least or len(set(value)) < DIFFERENT_CHARACTERS:
        raise ImproperlyConfigured(
            f"Set {name} to a secret of at least {least} random characters; this makes"
            f' one: python -c "import secrets; print(secrets.token_urlsafe({least}))"'
        )
    return value


def new_secret() -> str:
    """A secret to sign with."""
    return secrets.token_urlsafe(64)


def new_webhook_secret() -> str:
    """A secret as Standard Webhooks 1.0 writes them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def kept_secret(path: Path, *, make: Callable[[], str] = new_secret) -> str:
    """The secret in this file, which is made, for its owner only, when missing."""
    with suppress(FileNotFoundError):
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked: of two processes that start at once one wins, and
    # nobody reads half a secret.
    descriptor, aside = mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(make())
    with suppress(FileExistsError):
        os.link(aside, path)
    Path(aside).unlink()
    return path.read_text().strip()


def webhook_secrets(name: str, *, default: str = "") -> list[str]:
    """Secrets of the form `whsec_<base64>`, separated by commas; none by default."""
    text: str = env.str(name, default="").strip() or default
    listed = [part for part in map(str.strip, text.split(",")) if part]
    for secret in listed:
        if not WEBHOOK_SECRET.fullmatch(secret):
            raise ImproperlyConfigured(
                f"Each secret in {name} must be whsec_ and base64, as in Standard"
                " Webhooks 1.0 (which asks for 24 to 64 random bytes)."
            )
    return listed
