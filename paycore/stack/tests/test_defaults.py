"""What holds where nobody has set a variable: as promised, and as documented.

The settings of the tests say most of these themselves, so no other test would notice.
"""

import ast
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from paycore.settings import payouts, risk
from paycore.settings.environment import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text()
# Whose `default` is all that holds without the variable.
READERS = {"currencies", "rate", "whole_number"}


def defaults_in_the_code() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "paycore" / "settings").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                reader, first = getattr(node.func, "id", ""), node.args[0]
                given = {each.arg: each.value for each in node.keywords}
                if reader in READERS and isinstance(first, ast.Constant):
                    yield str(first.value), str(value_of(given["default"]))


def value_of(expression: ast.expr) -> object:
    """Of a constant, or of `6 * 86400`."""
    return eval(compile(ast.Expression(expression), "settings", "eval"), {})


def documented(name: str) -> str:
    [default] = re.findall(rf"^\| `{name}` \| `([^`]*)` \|", PAGE, re.MULTILINE)
    return str(default)


DEFAULTS = sorted(defaults_in_the_code())


@pytest.mark.parametrize(
    ("name", "default"), DEFAULTS, ids=[name for name, _ in DEFAULTS]
)
def test_are_what_the_documentation_says(name, default):
    assert documented(name) == default


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("PORT", "8000"),
        ("CURRENCIES", "BTC=8"),
        ("FX_QUOTE_TTL", "60"),
        ("IDEMPOTENCY_RETENTION_DAYS", "30"),
        ("PAYOUT_UNKNOWN_AFTER", "900"),
        ("PAYOUT_MAX_ATTEMPTS", "14"),
        ("REVIEW_SLA", "14400"),
    ],
)
def test_are_what_was_promised(name, default):
    assert dict(DEFAULTS)[name] == default


def test_four_eyes_are_needed_above_20000_ringgit(monkeypatch):
    monkeypatch.delenv("PAYOUT_APPROVAL_ABOVE", raising=False)

    assert payouts.approval_thresholds() == {"MYR": Decimal(20_000)}


def test_every_currency_leaves_through_the_sandbox(monkeypatch):
    monkeypatch.delenv("PAYOUT_GATEWAYS", raising=False)

    assert payouts.gateways() == {"*": "sandbox"}


def test_risk_judges_purchases_and_payouts_in_ringgit(monkeypatch):
    for name in ("RISK_KINDS", "RISK_CURRENCY"):
        monkeypatch.delenv(name, raising=False)

    assert risk.risk_kinds() == {"purchase", "payout"}
    assert risk.risk_currency() == "MYR"


@pytest.mark.parametrize(
    "name", ["PAYOUT_APPROVAL_ABOVE", "RISK_KINDS", "RISK_CURRENCY"]
)
def test_a_variable_that_is_empty_is_not_set(monkeypatch, name):
    read = {
        "PAYOUT_APPROVAL_ABOVE": payouts.approval_thresholds,
        "RISK_KINDS": risk.risk_kinds,
        "RISK_CURRENCY": risk.risk_currency,
    }[name]
    monkeypatch.delenv(name, raising=False)
    unset = read()
    monkeypatch.setenv(name, "")

    assert read() == unset
