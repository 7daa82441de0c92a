"""`manage.py seed_demo`: the people and accounts that the stack starts with."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand

import accounts.services
import fx.services
import ledger.services
import transfers.services
from accounts.selectors import find_user_by_email, list_accounts
from accounts.services import AccountDraft, UserDraft
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from paycore.stack import seeds
from paycore.stack.seeds import Seed
from transfers.services import Payer

ORIGIN = Origin(actor="command:seed_demo")


class Command(BaseCommand):
    help = "Make the people of the demo and their accounts, as far as they are missing."

    def handle(self, *_: Any, **__: Any) -> None:
        # Of currencies that were added to the settings since the database was made.
        ledger.services.ensure_house_accounts(CURRENCIES.all())
        fx.services.seed_rates()
        password = seeds.password()
        people = {seed.name: ensure_person(seed, password) for seed in seeds.PEOPLE}
        for seed in seeds.PEOPLE:
            for initial in seed.accounts:
                ensure_account(
                    seed, people[seed.name], initial, payer_id=people["operator"]
                )
        self.stdout.write(f"Seeded {', '.join(people)}.")


def ensure_person(seed: Seed, password: str) -> UUID:
    """The person, with this password and this role."""
    user = find_user_by_email(email=seed.email)
    if user is None:
        # Drafted by hand: whoever sets DEMO_PASSWORD may choose a weak one.
        draft = UserDraft(
            email=seed.email,
            password_hash=make_password(password),
            full_name=seed.full_name,
            time_zone="UTC",
            currency="USD",
        )
        user = accounts.services.create_user(draft=draft, origin=ORIGIN)
    elif not user.check_password(password):
        accounts.services.set_password(
            user_id=user.pk, password=password, origin=ORIGIN
        )
    accounts.services.grant_role(user_id=user.pk, role=seed.role, origin=ORIGIN)
    return user.pk


def ensure_account(
    seed: Seed, owner_id: UUID, initial: Money, *, payer_id: UUID
) -> None:
    """Their account of this currency; what it holds is theirs to change afterwards."""
    external_id = seed.external_id(initial.currency)
    if list_accounts(owner_id=owner_id).filter(external_id=external_id).exists():
        return
    draft = AccountDraft(
        owner_id=owner_id,
        currency=initial.currency,
        name="Everyday" if initial.currency.code == "USD" else "Travel",
        external_id=external_id,
    )
    if initial.is_positive:
        transfers.services.open_funded_account(
            draft=draft,
            initial=initial,
            payer=Payer(user_id=payer_id, may_spend_from_any=True),
            origin=ORIGIN,
        )
    else:
        accounts.services.open_account(draft=draft, origin=ORIGIN)
