"""Beat asks for all the work that there is, as often as the documents say."""

from celery.schedules import crontab

from paycore.celery import app

app.loader.import_default_modules()

SCHEDULE = {
    entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()
}


def ours():
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_no_task_waits_for_somebody_to_ask():
    assert set(SCHEDULE) == ours()
    # None is there twice, under another name.
    assert len(SCHEDULE) == len(app.conf.beat_schedule)


def test_each_comes_as_often_as_it_must():
    seconds = {name: every for name, every in SCHEDULE.items() if type(every) is float}
    clocks = {
        # It says all five; only minute and hour are used.
        name: str(every).split()[1:3]
        for name, every in SCHEDULE.items()
        if isinstance(every, crontab)
    }

    assert seconds == {
        "payouts.submit_due": 1.0,
        "payouts.ask_due": 1.0,
        "payouts.sweep": 10.0,
        "risk.watch_reviews": 30.0,
    }
    assert clocks == {
        "ledger.expire_holds": ["*", "*"],
        "reports.keep_rollups": ["*/5", "*"],
        "fx.refresh_rates": ["*/15", "*"],
        "reconciliation.verify_ledger": ["7", "*"],
        "api.purge_idempotency_keys": ["23", "3"],
    }
