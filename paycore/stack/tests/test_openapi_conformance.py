"""The application does what /openapi.json says: schemathesis asks it all.

Without chance of its own: nearly the same requests each time (Hypothesis also tries
constants that it finds in the code). Each request is undone before the next one, so
all of them meet the same world.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override

from accounts.models import Account
from accounts.services import create_api_key, freeze_account, suspend_user
from fx.services import create_quote, seed_rates
from paycore.api.principals import Scope
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from paycore.testing.cast import Caller, Player
from paycore.testing.gateways import ScriptedGateway
from paycore.testing.suspicion import suspect_everything
from paycore.wsgi import application
from payouts.tests.orders import request_by
from payouts.tests.working import send_into_review
from risk.models import Review

# Beside the edges, which take most of the time.
EXAMPLES: Final = 15
FEW_EXAMPLES: Final = 4
# All checks of schemathesis are on, but those that ask for what no document can say.
EXCLUDED: Final = [
    # That a request of the right shape succeeds: there are rules beside the shape.
    schemathesis.checks.positive_data_acceptance,
    # That strangers are turned away: a test of its own asks that.
    schemathesis.checks.ignored_auth,
]
# Nobody guesses a password, a token or a signature.
BEYOND_LUCK: Final = {
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/webhooks/deposit",
}
# Ids of things that exist, by the field that names them, or by path and field.
Known = Mapping[str, list[str]]


@pytest.fixture
def described(db: Any) -> Iterator[schemathesis.BaseSchema]:
    """The application behind its own document."""
    # The connection is in the test's transaction, so no request may close it.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    # Thousands of lines that nobody reads, and a tenth of the time.
    logging.disable(logging.INFO)
    # The callers bring credentials of their own.
    config = {"generation": {"with-security-parameters": False}}
    yield schemathesis.openapi.from_wsgi(
        "/openapi.json", application, config=schemathesis.Config.from_dict(config)
    )
    logging.disable(logging.NOTSET)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(
    ada: Player,
    grace: Player,
    mallory: Player,
    operator: Player,
    account_of: Callable[..., Account],
    pay: Callable[..., Any],
    gateway: ScriptedGateway,
) -> Known:
    """One of each kind, so that not everything is a 404."""
    funded, empty = account_of(ada, "USD", "1000.00"), account_of(ada, "USD")
    foreign, frozen = account_of(grace, "USD"), account_of(grace, "EUR")
    abroad = account_of(grace, "EUR")
    seed_rates()
    transfer = pay(ada, funded, foreign, "1.00")
    seed_rates()
    quote = create_quote(
        owner_id=ada.id,
        amount=Money.of(100, "USD"),
        destination=CURRENCIES.get("EUR"),
        at=timezone.now(),
        ttl_seconds=60,
    )
    payouts = _payouts_of(ada, account_of(ada, "EUR", "20000.00"), gateway)
    why, origin = "A test needs it", Origin(actor="test")
    freeze_account(account_id=frozen.pk, reason=why, origin=origin)
    suspend_user(user_id=mallory.id, by=operator.principal, reason=why, origin=origin)
    accounts = [str(account.pk) for account in (funded, empty, foreign, abroad, frozen)]
    people = [str(person.id) for person in (ada, grace, mallory)]
    return {
        "account_id": accounts,
        "source_account_id": accounts[:1],
        "destination_account_id": accounts[1:],
        "/v1/transfers/exchange destination_account_id": [str(abroad.pk)],
        "owner_id": people,
        "user_id": people,
        "transfer_id": [str(transfer.pk)],
        "quote_id": [str(quote.pk)],
        "api_key_id": [_key_of(ada), _key_of(operator)],
        "review_id": [_review_of(ada, funded)],
        **payouts,
    }


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_every_operation_is_as_documented(
    who: str,
    described: schemathesis.BaseSchema,
    known: Known,
    caller: Callable[[str], Caller],
    subtests: pytest.Subtests,
) -> None:
    headers = caller(who).headers
    for operation in operations_of(described):
        with subtests.test(operation=operation.label):
            asked = Asked(known, headers)
            if who == "operator":
                # Who may do everything sees it all; for others the edges are the same.
                for case in edges_of(operation):
                    asked.ask(case)
            asked.ask_anything(operation, examples=EXAMPLES)

            if who == "operator" and operation.label not in BEYOND_LUCK:
                # Else `known` lacks something that this operation needs.
                assert min(asked.statuses) < 300, "Not one request succeeded."


def test_strangers_are_turned_away(
    described: schemathesis.BaseSchema, known: Known, subtests: pytest.Subtests
) -> None:
    for operation in operations_of(described):
        if operation.definition.raw["security"]:
            with subtests.test(operation=operation.label):
                asked = Asked(known, headers={})
                asked.ask_anything(operation, examples=FEW_EXAMPLES)

                assert set(asked.statuses) == {401}


class Asked:
    """Requests to one operation in the name of one caller, each checked and undone."""

    def __init__(self, known: Known, headers: Mapping[str, str]) -> None:
        self.known = known
        self.headers = dict(headers)
        self.statuses: Counter[int] = Counter()

    def ask(self, case: Any) -> None:
        point_at_what_exists(case, self.known, turn=self.statuses.total())
        with transaction.atomic():
            response = case.call_and_validate(
                headers=self.headers, excluded_checks=EXCLUDED
            )
            transaction.set_rollback(True)
        self.statuses[response.status_code] += 1

    def ask_anything(self, operation: Any, *, examples: int) -> None:
        """Requests of the right shape, and of a wrong one."""
        right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        settings = hypothesis.settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        settings(hypothesis.given(case=right | wrong)(self.ask))()


def operations_of(described: schemathesis.BaseSchema) -> list[Any]:
    return [result.ok() for result in described.get_all_operations()]


def edges_of(operation: Any) -> CoverageGenerator:
    """Each example, each bound and what is just beyond, each way to be malformed."""
    config = operation.schema.config
    return CoverageGenerator(
        operation=operation,
        generation_modes=list(GenerationMode),
        generation_config=config.generation_for(operation=operation, phase="coverage"),
        auth_storage=None,
        override=Override(),
        feedback=FeedbackSources(),
    )


def point_at_what_exists(case: Any, known: Known, *, turn: int) -> None:
    """Turn most ids that were made up into ids of something, each time of another."""
    for fields in (case.path_parameters, case.query, *_orders(case.body)):
        for name, text in list(fields.items()):
            ids = known.get(f"{case.path} {name}") or known.get(name)
            number = _number(text)
            # The made-up ids decide themselves, so that each run decides the same.
            if ids and number is not None and number % 8:
                fields[name] = ids[(number + turn) % len(ids)]


def _orders(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict):
        return []
    items = body.get("transfers")
    more = items if isinstance(items, list) else []
    return [body, *(item for item in more if isinstance(item, dict))]


def _number(text: Any) -> int | None:
    try:
        return UUID(text).int
    except (TypeError, ValueError, AttributeError):
        return None


def _payouts_of(
    player: Player, account: Account, gateway: ScriptedGateway
) -> dict[str, list[str]]:
    # One that is pending, one that waits for approval, one that needs a person; and
    # the account for more, because the document's example is in euros.
    in_doubt = send_into_review(gateway, request_by(player, account, "10.00"))
    pending = request_by(player, account, "10.00")
    large = request_by(player, account, "5000.00")
    payouts, one = "/v1/payouts", "/v1/payouts/{payout_id}"
    return {
        f"{payouts} account_id": [str(account.pk)],
        f"{one}/approve payout_id": [str(large.pk)],
        f"{one}/resolve payout_id": [str(in_doubt.pk)],
        "payout_id": [str(pending.pk)],
    }


def _review_of(player: Player, account: Account) -> str:
    # One payment is held, and none of those that follow.
    suspect_everything()
    request_by(player, account, "10.00")
    suspect_everything(points=0)
    return str(Review.objects.get().pk)


def _key_of(player: Player) -> str:
    new = create_api_key(
        owner=player.principal,
        name="A server",
        scopes=frozenset({Scope.ACCOUNTS_READ}),
        expires_at=None,
        origin=player.origin,
    )
    return str(new.api_key.pk)
