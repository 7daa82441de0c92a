"""FX_SOURCES ..."""

import pytest

from paycore.settings.environment import rate_sources


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("", []),
        (" , ", []),
        ("/srv/rates.csv", [("", "/srv/rates.csv")]),
        ("https://h/x?list=daily", [("", "https://h/x?list=daily")]),
        (
            "ecb=https://h/x?list=daily, desk=file:///srv/rates.csv",
            [("ecb", "https://h/x?list=daily"), ("desk", "file:///srv/rates.csv")],
        ),
    ],
)
def test_are_names_and_addresses_in_order(text, sources):
    assert rate_sources(text) == sources
