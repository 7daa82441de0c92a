"""`make chaos`: workers die at every step of sending payouts, and nothing is lost.

A drill runs the real Celery workers, two beats and the real sandbox bank on PostgreSQL
and Valkey, delivers every message at least twice, and kills: workers at each boundary
between two steps (`deaths`), pool processes, the bank. Then everything may recover,
and every payout must have ended as its reference says, executed once or not at all,
with its money where it must be.
"""

from collections.abc import Callable


def run(*, say: Callable[[str], None]) -> int:
    """Hold a long drill on servers of its own; 0 when nothing went wrong."""
    # Later than this module: actors import it too, and must start fast.
    from paycore.stack.chaos.stage import stage

    with stage(say) as scene:
        from django.conf import settings

        from paycore.stack.chaos.rehearsal import rehearse

        is_right = rehearse(
            scene, seconds=settings.CHAOS_SECONDS, seed=settings.CHAOS_SEED, say=say
        )
    return 0 if is_right else 1
