"""Sealing: what is kept encrypted can be read with a key of ours, and only so."""

import pytest
from cryptography.fernet import Fernet

from paycore.lib.sealing import CannotUnseal, seal, unseal

TEXT = "DE89370400440532013000"


@pytest.fixture
def keys(settings):
    """Set the keys by name, the first of which seals: `keys("new", "old")`."""
    made: dict[str, str] = {}

    def use(*names):
        for name in names:
            made.setdefault(name, Fernet.generate_key().decode())
        settings.ENCRYPTION_KEYS = [made[name] for name in names]

    return use


@pytest.mark.parametrize("text", [TEXT, "", "Łukasz 株式会社", "x" * 100_000])
def test_what_was_sealed_can_be_read(text):
    assert unseal(seal(text)) == text


def test_a_seal_shows_nothing_of_the_text():
    sealed = seal(TEXT)

    assert TEXT not in sealed
    assert sealed.isascii()


def test_the_same_text_never_looks_the_same():
    assert len({seal(TEXT) for _ in range(100)}) == 100


def test_an_old_key_can_still_be_read_with(keys):
    keys("old")
    sealed = seal(TEXT)

    keys("new", "old")

    assert unseal(sealed) == TEXT


def test_the_first_key_seals(keys):
    keys("new", "old")
    sealed = seal(TEXT)

    keys("new")
    assert unseal(sealed) == TEXT
    keys("old")
    with pytest.raises(CannotUnseal):
        unseal(sealed)


def test_without_its_key_it_cannot_be_read(keys):
    keys("old")
    sealed = seal(TEXT)
    keys("new")

    with pytest.raises(CannotUnseal) as caught:
        unseal(sealed)

    assert sealed not in str(caught.value)
    assert TEXT not in str(caught.value)


@pytest.mark.parametrize("place", [0, 1, 12, 30, 60, -1])
def test_what_was_changed_cannot_be_read(place):
    sealed = seal(TEXT)
    letter = "A" if sealed[place] != "A" else "B"
    changed = sealed[:place] + letter + sealed[place:][1:]

    with pytest.raises(CannotUnseal):
        unseal(changed)


@pytest.mark.parametrize("text", ["", "x", TEXT, "gAAAAA", "gAAAAA==", "\u00e4", "\0"])
def test_what_was_never_sealed_cannot_be_read(text):
    with pytest.raises(CannotUnseal):
        unseal(text)
