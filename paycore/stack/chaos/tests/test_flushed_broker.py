"""A broker that is flushed delays payouts, and does nothing else."""

from typing import Final

import pytest
import redis

from paycore.stack.chaos.orders import PLAIN, Orders
from paycore.stack.chaos.scene import Scene
from paycore.stack.chaos.tests.test_chaos import wait_until
from paycore.stack.chaos.verdict import judge

pytestmark = pytest.mark.django_db(transaction=True)

# Two beats send some of them in every second, and each of them comes twice.
MESSAGES: Final = 8


def messages_in(scene: Scene) -> int:
    with redis.Redis.from_url(scene.redis_url) as client:
        count: int = client.llen(f"{scene.redis_key_prefix}celery")
    return count


def test_payouts_whose_messages_were_all_lost_are_sent_once(
    scene: Scene, orders: Orders
) -> None:
    def await_all() -> None:
        wait_until(lambda: not orders.list_open(scene.bank))

    for _ in range(2):
        scene.start_beat()
    orders.place(PLAIN, "sandbox-flaky", "sandbox-late", "sandbox-decline")
    # Nobody listens yet, so all that was said about these payouts is in the broker.
    wait_until(lambda: messages_in(scene) >= MESSAGES)

    scene.forget_messages()
    scene.start_worker(concurrency=2)
    await_all()
    # Once more, under the hands of the worker.
    scene.forget_messages()
    orders.place(PLAIN)
    await_all()
    scene.end()

    verdict = judge(orders, scene.bank)
    assert verdict.complaints == []
    assert verdict.differences == []
    assert (len(orders.kinds), verdict.most_executions) == (5, 1)
