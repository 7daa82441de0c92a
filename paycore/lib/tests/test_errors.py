"""Every refusal of the project ..."""

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from string import Formatter

import pytest
from django.conf import settings

from paycore.lib.errors import DomainError, InvalidAmount, Kind


def _refusals(parent: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for refusal in parent.__subclasses__():
        # Tests may make some of their own.
        if ".tests." not in refusal.__module__:
            yield refusal
        yield from _refusals(refusal)


for app in settings.FIRST_PARTY_APPS:
    if find_spec(f"{app}.errors"):
        import_module(f"{app}.errors")

REFUSALS = sorted(set(_refusals()), key=lambda refusal: refusal.__qualname__)
every_refusal = pytest.mark.parametrize(
    "refusal", REFUSALS, ids=[refusal.__qualname__ for refusal in REFUSALS]
)


def _placeholders(refusal: type[DomainError]) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(refusal.message) if name]


def test_is_found_by_these_tests():
    assert {"InvalidAmount", "InsufficientBalance", "AccountNotFound"} <= {
        refusal.__name__ for refusal in REFUSALS
    }


def test_has_a_code_of_its_own():
    taken = Counter(refusal.code for refusal in REFUSALS)

    assert {code for code, times in taken.items() if times > 1} == set()


@every_refusal
def test_is_named_for_machines_and_for_people(refusal):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", refusal.code)
    assert isinstance(refusal.kind, Kind)
    assert refusal.message.endswith((".", "{why}"))
    assert isinstance(refusal.retryable, bool)


@every_refusal
def test_tells_its_facts_in_its_message(refusal):
    facts = {name: f"the {name}" for name in _placeholders(refusal)}

    error = refusal(pointer="/field", **facts)

    assert all(fact in error.detail for fact in facts.values())
    assert not re.search(r"[{}]", error.detail)
    assert str(error) == error.detail
    assert (error.pointer, error.facts) == ("/field", facts)


def test_cannot_forget_a_fact():
    with pytest.raises(KeyError):
        InvalidAmount()


def test_that_may_be_retried_unchanged_is_known():
    retryable = {refusal.code for refusal in REFUSALS if refusal.retryable}

    assert "service_unavailable" in retryable
    assert not retryable & {
        refusal.code
        for refusal in REFUSALS
        if refusal.kind in {Kind.INVALID, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.REFUSED}
    }
