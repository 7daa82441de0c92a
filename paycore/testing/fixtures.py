"""The fixtures of every test, loaded by `conftest.py`."""

pytest_plugins = [
    "paycore.testing.books",
    "paycore.testing.people",
    "paycore.testing.wallets",
]
