"""Fixtures of the tests of drills."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from paycore.stack.bank.process import SandboxBank
from paycore.stack.chaos.orders import Orders
from paycore.stack.chaos.scene import CONDITIONS, Scene
from paycore.stack.tests.serving import environment, servers_of_the_test


@pytest.fixture
def scene(own_bank: SandboxBank) -> Iterator[Scene]:
    """On the servers of the test, with a bank of its own and little patience."""
    servers = servers_of_the_test()
    variables = environment(
        own_bank.home,
        **servers,
        **CONDITIONS,
        ENCRYPTION_KEYS=",".join(settings.ENCRYPTION_KEYS),
        PAYOUT_UNKNOWN_AFTER="6",
    )
    found = Scene(
        home=own_bank.home,
        bank=own_bank,
        variables=variables,
        redis_url=servers["REDIS_URL"],
        redis_key_prefix=servers["REDIS_KEY_PREFIX"],
    )
    yield found
    found.end()
    found.forget_messages()


@pytest.fixture
def orders(db: None) -> Orders:
    return Orders.of_new_customers()
