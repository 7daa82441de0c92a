"""`python -m paycore.stack run` and its sisters: what the Makefile calls."""

import signal

if __name__ == "__main__":
    # Reading all of this takes a second or two. Nothing runs yet that would have to be
    # stopped, so Ctrl-C ends us as it is, without a traceback of imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import os
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

from paycore.settings.servers import home_directory
from paycore.stack import processes, seeds
from paycore.stack.processes import StackError
from paycore.stack.supervisor import Supervisor

LARGEST_PORT = 65535
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    # A person's own machine, whatever settings the environment names for others.
    os.environ["DJANGO_SETTINGS_MODULE"] = "paycore.settings.local"
    commands: dict[str, Callable[[], int]] = {
        "run": run,
        "demo": demo,
        "bench": bench,
        "chaos": chaos,
    }
    command = commands.get(next(iter(sys.argv[1:]), ""))
    if command is None:
        return complain(f"Say what to do: {', '.join(commands)}.")
    for number in ENDINGS:
        signal.signal(number, interrupt)
    if "MAKELEVEL" in os.environ:
        # Whoever kills make means us.
        processes.end_with_parent()
    try:
        require_home()
        return command()
    except (StackError, ImproperlyConfigured) as error:
        return complain(str(error))
    except PermissionError as error:
        return complain(f"PAYCORE_HOME cannot be used: {error}.")
    except KeyboardInterrupt:
        # Told to stop, and stopped: that is what was asked for.
        return 0


def require_home() -> None:
    """Make the home if there is none yet.

    Raises: `StackError` when it cannot be used.
    """
    try:
        home_directory().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"PAYCORE_HOME cannot be used: {error}.") from error


def run() -> int:
    """Serve until told to stop."""
    started = time.monotonic()
    stack = supervisor()
    with stack.running(seed=True):
        say(f"Ready after {time.monotonic() - started:.1f} s")
        print(welcome(stack), flush=True)
        stack.watch()


def demo() -> int:
    """Tell the main job through the API, prove the books, and stop."""
    # Before the settings are read. The story's amounts are those of the seeded rates,
    # its bank is the sandbox, and nobody wants to wait for a quarter of an hour.
    os.environ["FX_SOURCES"] = ""
    os.environ["PAYOUT_GATEWAYS"] = "*=sandbox"
    os.environ["PAYOUT_APPROVAL_ABOVE"] = "MYR=20000"
    os.environ["RISK_CURRENCY"] = "MYR"
    os.environ["RISK_KINDS"] = "purchase,payout"
    os.environ.setdefault("PAYOUT_UNKNOWN_AFTER", "2")
    os.environ.setdefault("PAYOUT_GATEWAY_TIMEOUT", "1")

    from paycore.stack import demo as story

    stack = supervisor()
    with stack.running(seed=True):
        return story.tell(stack, password=seeds.password())


def bench() -> int:
    """Measure transfers per second against plain SQL, and payouts per second."""
    from paycore.stack import bench as benchmark

    return benchmark.run(say=say)


def chaos() -> int:
    """Kill workers at every step of sending payouts, and prove that none is lost."""
    from paycore.stack import chaos as drill

    return drill.run(say=say)


def supervisor() -> Supervisor:
    from django.conf import settings

    from paycore.settings.servers import are_embedded

    if settings.PORT > LARGEST_PORT:
        raise StackError(f"PORT must be at most {LARGEST_PORT}.")
    pays_out_to_sandbox = "sandbox" in settings.PAYOUT_GATEWAYS.values()
    return Supervisor(
        home=settings.HOME,
        port=settings.PORT,
        embedded=are_embedded(),
        say=say,
        # Unless the environment names one that runs elsewhere.
        has_bank=pays_out_to_sandbox and not settings.SANDBOX_BANK_URL,
    )


def welcome(stack: Supervisor) -> str:
    """Where everything is, and who may sign in."""
    from django.conf import settings

    password = seeds.password()
    people = "\n".join(f"  {person.email:<28} {person.what}" for person in seeds.PEOPLE)
    return f"""
  API           {stack.url}/v1
  Documentation {stack.url}/docs  {stack.url}/redoc  {stack.url}/openapi.json
  Back office   {stack.url}/admin/
  Health        {stack.url}/health/ready
  Metrics       {stack.url}/metrics
  Logs          {stack.home / "logs"}
  Deposits      POST /v1/webhooks/deposit, signed by {settings.DEPOSITS_ARE_SIGNED_WITH}

  Everybody's password is {password}
{people}

  Ctrl-C stops everything. The data stays in {stack.home}.
"""


def say(text: str) -> None:
    print(f"paycore: {text}", flush=True)


def complain(text: str) -> int:
    print(f"paycore: {text}", file=sys.stderr, flush=True)
    return 1


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    # Once is enough: what stops now must not be interrupted half way. Not SIG_IGN:
    # when two come at once (a terminal that closes), Python complains of the second.
    for other in ENDINGS:
        signal.signal(other, lambda *_: None)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
