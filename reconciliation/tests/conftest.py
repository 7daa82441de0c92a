"""Books with something in them."""

import pytest


@pytest.fixture
def paid(ada, ada_usd, grace_usd, pay):
    """Ada, who had 1000.00, paid grace, who had 50.00, some 30.00 as rent."""
    return pay(ada, ada_usd, grace_usd, "30.00", reference="rent")
