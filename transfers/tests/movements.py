"""Ordering movements of every kind, in few words: as services and over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from events.models import Event
from fx.models import Quote
from fx.services import create_quote, set_spread
from fx.tests.rates import say
from ledger.models import JournalEntry, LedgerAccount, Posting
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from paycore.testing.bookkeeping import money
from paycore.testing.cast import Caller, Player
from paycore.testing.suspicion import suspect_everything
from risk.services import close_needless_review
from transfers import services
from transfers.models import Transfer
from transfers.services import (
    DepositOrder,
    ExchangeOrder,
    Payer,
    PurchaseOrder,
    RefundOrder,
    ReversalOrder,
)

EXCHANGE = "/v1/transfers/exchange"
PURCHASES = "/v1/purchases"
DEPOSITS = "/v1/deposits"
# As many minor units as a BIGINT holds.
LARGEST_BTC = "92233720368.54775807"


def refund_of(transfer: Transfer) -> str:
    """The path of its refunds."""
    return f"/v1/transfers/{transfer.pk}/refund"


def reversal_of(transfer: Transfer) -> str:
    """The path of its reversal."""
    return f"/v1/transfers/{transfer.pk}/reverse"


def send(caller: Caller, path: str, body: Any, *, key: str | None = None) -> Any:
    """Order a movement, with a new key unless one is given."""
    return caller.post(path, body, key=key or str(new_id()))


def buy(
    account: Account, amount: str = "10.00", currency: str = "USD", **more: Any
) -> dict[str, Any]:
    """The body of a purchase."""
    return {
        "account_id": str(account.pk),
        "amount": amount,
        "currency": currency,
        "merchant_name": "Corner Coffee",
        "merchant_category": "restaurants",
        **more,
    }


def sender(caller: Caller, path: str, body: Any, *, key: str | None = None) -> Any:
    """A movement to be ordered on another thread; answers its status and code."""

    def order() -> tuple[int, str]:
        response = send(caller, path, body, key=key)
        return response.status_code, response.json().get("code", "")

    return order


def payer_of(player: Player) -> Payer:
    return Payer(player.id, may_spend_from_any=player.principal.is_operator)


def exchange(
    player: Player, source: Account, destination: Account, amount: str, **more: Any
) -> Transfer:
    return services.create_exchange(
        order=ExchangeOrder(source.pk, destination.pk, amount, **more),
        payer=payer_of(player),
        origin=player.origin,
    )


def purchase(player: Player, account: Account, wanted: str, **more: Any) -> Transfer:
    """Pay a merchant e.g. `"10.00 EUR"`; `merchant` is their account, if any."""
    return services.create_purchase(
        order=_purchase_order(account, wanted, **more),
        payer=payer_of(player),
        origin=player.origin,
    )


def hold_purchase(
    player: Player, account: Account, wanted: str, **more: Any
) -> Transfer:
    """One that risk holds. So it will hold whatever comes after."""
    suspect_everything()
    return purchase(player, account, wanted, **more)


def complete(transfer: Transfer, by: Player) -> Transfer:
    done = services.complete_transfer(transfer_id=transfer.pk, origin=by.origin)
    _close_review(transfer, by)
    return done


def fail(transfer: Transfer, by: Player, code: str = "rejected_by_review") -> Transfer:
    failed = services.fail_transfer(
        transfer_id=transfer.pk, failure_code=code, origin=by.origin
    )
    _close_review(transfer, by)
    return failed


def _close_review(transfer: Transfer, by: Player) -> None:
    # A verdict would have been given first; here it is only what follows that matters.
    close_needless_review(subject_id=transfer.pk, reason="r", origin=by.origin)


def deposit(player: Player, account: Account, amount: str, **more: Any) -> Transfer:
    """Credit an account with e.g. `"10.00 USD"`."""
    text, code = amount.split()
    return services.create_deposit(
        order=DepositOrder(
            account.pk, text, code, more.pop("reference", str(new_id()))
        ),
        payer=payer_of(player),
        origin=player.origin,
    )


def refund(player: Player, transfer: Transfer, amount: str | None = None) -> Transfer:
    return services.create_refund(
        order=RefundOrder(transfer.pk, "Asked for", amount),
        payer=payer_of(player),
        origin=player.origin,
    )


def reverse(player: Player, transfer: Transfer, *, force: bool = False) -> Transfer:
    return services.reverse_transfer(
        order=ReversalOrder(transfer.pk, "A mistake", force),
        payer=payer_of(player),
        origin=player.origin,
    )


def quote(
    player: Player, amount: str, to: str, *, ttl: int = 60, age: float = 0
) -> Quote:
    """A quote that the person got so many seconds ago."""
    return create_quote(
        owner_id=player.id,
        amount=money(amount),
        destination=CURRENCIES.get(to),
        at=datetime.now(UTC) - timedelta(seconds=age),
        ttl_seconds=ttl,
    )


def spread(pair: str, basis_points: int) -> None:
    """Keep so much of every conversion of e.g. `"USD/EUR"`."""
    base, other = pair.split("/")
    set_spread(
        pair=(CURRENCIES.get(base), CURRENCIES.get(other)),
        basis_points=basis_points,
        reason="Costs",
        origin=Origin(actor="test"),
    )


def rate_becomes(pair: str, value: str) -> None:
    """From now on a dollar is, e.g., `"USD/EUR", "0.50"`."""
    say(pair, value, as_of=datetime.now(UTC))


def legs_of(transfer: Transfer | None, **names: Account) -> list[str]:
    """The postings of a transfer, as they were written: `"ada -1.00 USD"`.

    `names` are those of customers' accounts; the house's go by their codes.
    """
    assert transfer is not None
    by_id = {account.pk: name for name, account in names.items()}
    postings = Posting.objects.filter(entry_id=transfer.journal_entry_id)
    return [
        f"{by_id.get(posting.account_id, posting.account.code)} {posting.amount}"
        for posting in postings.select_related("account").order_by("pk")
    ]


def entry_of(transfer: Transfer) -> JournalEntry:
    assert transfer.journal_entry_id is not None
    return JournalEntry.objects.get(pk=transfer.journal_entry_id)


def state_of(account: Account) -> tuple[str, str, str]:
    """What an account has posted, holds back, and lacks, as stored now."""
    books = LedgerAccount.objects.get(pk=account.pk)
    shortfall = Money.of(books.shortfall_minor, books.currency)
    return books.posted.text, books.held.text, shortfall.text


def house_holds(code: str) -> str:
    """What an account of the house has, e.g. `house:fx:USD`."""
    return LedgerAccount.objects.get(code=code).posted.text


def events_of(subject_id: UUID) -> list[str]:
    """The types of what was told about a subject, in order."""
    told = Event.objects.filter(subject_id=subject_id).order_by("pk")
    return list(told.values_list("type", flat=True))


def count_statements(call: Any) -> int:
    """How many statements a call sends, savepoints of the test included."""
    with CaptureQueriesContext(connection) as captured:
        response = call()
    assert response.status_code == 201, response.content
    return len(captured)


def _purchase_order(
    account: Account, wanted: str, *, merchant: Account | None = None, **more: Any
) -> PurchaseOrder:
    amount, code = wanted.split()
    return PurchaseOrder(
        account_id=account.pk,
        amount=amount,
        currency=code,
        merchant_name="Corner Coffee",
        merchant_category="restaurants",
        merchant_account_id=None if merchant is None else merchant.pk,
        **more,
    )
