"""What a proof of the books finds, in a form that can be written down."""

from accounts.models import Account
from ledger.models import LedgerAccount
from reconciliation.services import find_differences


def found() -> list[tuple[str, str, str, int, int]]:
    """Every difference: (check, subject, currency, expected, found)."""
    return [
        (item.check.name, item.subject, item.currency, item.expected, item.found)
        for item in find_differences()
    ]


def code_of(account: Account) -> str:
    return LedgerAccount.objects.get(pk=account.pk).code
