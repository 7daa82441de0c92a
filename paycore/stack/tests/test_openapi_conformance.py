"""The application does what /openapi.json says: schemathesis asks it, as three callers.

Deterministic: the same document gives the same requests, so a failure is never luck.
Each request is undone before the next one, so all of them meet the same world.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override

from accounts.models import Account
from accounts.services import create_api_key, freeze_account, suspend_user
from paycore.api.principals import Scope
from paycore.lib.origin import Origin
from paycore.testing.cast import Caller, Player
from paycore.wsgi import application

SETTINGS: Final = hypothesis.settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)
# All checks of schemathesis are on, but those that ask for what no document can say.
EXCLUDED: Final = [
    # That a request of the right shape succeeds: there are rules beside the shape.
    schemathesis.checks.positive_data_acceptance,
    # Asks everything again without credentials, as the caller `anonymous` does.
    schemathesis.checks.ignored_auth,
]
# Nobody guesses a password or a token.
BEYOND_LUCK: Final = {"POST /v1/auth/login", "POST /v1/auth/refresh"}
# Ids of things that exist, by the field that names them.
Known = Mapping[str, list[str]]


@pytest.fixture
def described(db: Any) -> Iterator[schemathesis.BaseSchema]:
    """The application behind its own document."""
    # The connection is in the test's transaction, so no request may close it.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    # The callers bring credentials of their own.
    config = {"generation": {"with-security-parameters": False}}
    yield schemathesis.openapi.from_wsgi(
        "/openapi.json", application, config=schemathesis.Config.from_dict(config)
    )
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
) -> Known:
    """One of each kind, so that not everything is a 404."""
    funded, empty = account_of(ada, "USD", "1000.00"), account_of(ada, "USD")
    foreign, frozen = account_of(grace, "USD"), account_of(grace, "EUR")
    transfer = pay(ada, funded, foreign, "1.00")
    why = {"reason": "A test needs it", "origin": Origin(actor="test")}
    freeze_account(account_id=frozen.pk, owner_id=None, **why)
    suspend_user(user_id=mallory.id, by=operator.principal, **why)
    accounts = [str(account.pk) for account in (funded, empty, foreign, frozen)]
    people = [str(person.id) for person in (ada, grace, mallory)]
    return {
        "account_id": accounts,
        "source_account_id": accounts[:1],
        "destination_account_id": accounts[1:],
        "owner_id": people,
        "user_id": people,
        "transfer_id": [str(transfer.pk)],
        "api_key_id": [_key_of(ada), _key_of(operator)],
    }


@pytest.mark.parametrize("who", ["anonymous", "ada", "operator"])
def test_every_operation_is_as_documented(
    who: str,
    described: schemathesis.BaseSchema,
    known: Known,
    caller: Callable[[str], Caller],
    subtests: pytest.Subtests,
) -> None:
    headers = caller(who).headers

    for result in described.get_all_operations():
        operation = result.ok()
        with subtests.test(operation=operation.label):
            statuses = ask_everything(operation, known, headers)

            if who == "anonymous" and operation.definition.raw["security"]:
                assert set(statuses) == {401}
            if who == "operator" and operation.label not in BEYOND_LUCK:
                assert min(statuses) < 300, "Not one request succeeded."


def ask_everything(
    operation: Any, known: Known, headers: Mapping[str, str]
) -> Counter[int]:
    """How often each status was answered; fails when an answer is not as documented."""
    statuses: Counter[int] = Counter()

    def ask(case: schemathesis.Case) -> None:
        point_at_what_exists(case, known)
        with transaction.atomic():
            response = case.call_and_validate(
                headers=dict(headers), excluded_checks=EXCLUDED
            )
            transaction.set_rollback(True)
        statuses[response.status_code] += 1

    for case in edges_of(operation):
        ask(case)
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    SETTINGS(hypothesis.given(case=right | wrong)(ask))()
    return statuses


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


def point_at_what_exists(case: Any, known: Known) -> None:
    """Turn most ids that were made up into ids of something."""
    for fields in (case.path_parameters, case.query, *_orders(case.body)):
        for name, ids in known.items():
            number = _number(fields.get(name))
            # The made-up ids decide themselves, so that each run decides the same.
            if number is not None and number % 8:
                fields[name] = ids[number % len(ids)]


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


def _key_of(player: Player) -> str:
    new = create_api_key(
        owner=player.principal,
        name="A server",
        scopes=frozenset({Scope.ACCOUNTS_READ}),
        expires_at=None,
        origin=player.origin,
    )
    return str(new.api_key.pk)
