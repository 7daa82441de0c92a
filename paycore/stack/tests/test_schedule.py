"""What beat asks for exists and can be asked for."""

import pytest

from paycore.celery import app

app.loader.import_default_modules()


def test_the_schedule_names_the_work_that_must_not_be_forgotten():
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert scheduled >= {
        "api.purge_idempotency_keys",
        "ledger.expire_holds",
        "reconciliation.verify_ledger",
    }


@pytest.mark.parametrize("entry", app.conf.beat_schedule.values(), ids=str)
def test_each_task_can_be_sent(entry):
    task = app.tasks[entry["task"]]

    # What beat does up to the broker: wrong time limits are refused here.
    message = app.amqp.as_task_v2(
        "an id",
        task.name,
        kwargs={},
        expires=entry["options"]["expires"],
        time_limit=task.time_limit,
        soft_time_limit=task.soft_time_limit,
    )

    assert message.headers["task"] == entry["task"]


@pytest.mark.parametrize("entry", app.conf.beat_schedule.values(), ids=str)
def test_each_task_is_bounded_and_survives_its_worker(entry):
    task = app.tasks[entry["task"]]

    assert task.time_limit or app.conf.task_time_limit
    assert task.acks_late


def test_only_json_crosses_the_broker():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
