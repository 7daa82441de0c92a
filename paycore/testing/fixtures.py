"""The fixtures of every test, loaded by `conftest.py`."""

pytest_plugins = [
    "paycore.testing.bank",
    "paycore.testing.books",
    "paycore.testing.gateways",
    "paycore.testing.people",
    "paycore.testing.wallets",
]
