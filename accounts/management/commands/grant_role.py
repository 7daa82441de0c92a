"""`manage.py grant_role ada@paycore.example operator`: how the first staff are made."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.selectors import find_user_by_email
from paycore.lib.origin import Origin
from paycore.lib.roles import Role


class Command(BaseCommand):
    help = "Give somebody exactly this role; `user` takes every other away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in Role])

    def handle(self, *_: Any, email: str, role: str, **__: Any) -> None:
        user = find_user_by_email(email=email)
        if user is None:
            raise CommandError(f"Nobody here has the address {email}.")
        origin = Origin(actor="command:grant_role")
        services.grant_role(user_id=user.pk, role=Role(role), origin=origin)
        self.stdout.write(f"{user.email} is {role}.")
