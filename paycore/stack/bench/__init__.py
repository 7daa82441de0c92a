"""`make bench`: transfers per second, against plain SQL on the same server, and payouts
per second, through the sandbox bank.

docs/performance.md tells what is measured and how to read it.
"""

from collections.abc import Callable


def run(*, say: Callable[[str], None]) -> int:
    """Measure on a server of its own; 0 when everything that was written is right."""
    # Later than this module: `load` is a part of this package, and must start fast.
    from paycore.stack.bench.server import measured_server

    with measured_server(say) as server:
        from django.conf import settings

        from paycore.stack.bench.measure import measure

        is_right = measure(
            port=server.port,
            seconds=settings.BENCH_SECONDS,
            accounts=settings.BENCH_ACCOUNTS,
            say=say,
        )
        server.keep = not is_right
    return 0 if is_right else 1
