#!/usr/bin/env python
"""Django's command line, with the embedded servers up when a command needs them."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

# Commands that touch neither database nor broker, so nothing is started for them.
OFFLINE = frozenset(
    {"check", "collectstatic", "diffsettings", "help", "spectacular", "version"}
)


def main() -> None:
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        sys.exit(
            "This Python has no Django. Use .paycore/venv/bin/python manage.py,"
            " which `make dev` installs."
        )
    choose_settings()
    from paycore.stack.processes import StackError

    try:
        with servers():
            execute_from_command_line(sys.argv)
    except StackError as error:
        sys.exit(str(error))


def choose_settings() -> None:
    # As Django does it, but before the settings are read for the first time.
    from django.core.management.base import CommandParser, handle_default_options

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paycore.settings.local")
    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    options, _ = parser.parse_known_args(sys.argv[2:])
    handle_default_options(options)


def servers() -> AbstractContextManager[None]:
    from django.conf import settings

    from paycore.settings.servers import are_embedded
    from paycore.stack import embedded

    command = next(iter(sys.argv[1:]), "help")
    wants_help = not {"-h", "--help"}.isdisjoint(sys.argv)
    if command in OFFLINE or wants_help or not are_embedded():
        return nullcontext()
    return embedded.servers(settings.HOME, durable=settings.DURABLE)


if __name__ == "__main__":
    main()
