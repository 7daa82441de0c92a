"""Settings of the Celery worker and its schedule."""

from typing import Any, Final

from celery.schedules import crontab

# Longer than any task may take, so that no task is handed out while it still runs.
VISIBILITY_TIMEOUT_SECONDS: Final = 900
TASK_SECONDS: Final = 600

# What the broker delivers later is not worth running: more will have come. The worker's
# own clock decides, so this is long enough for one that is minutes ahead of beat's.
MINUTES_LATE: Final = {"expires": 300}


def celery_config(*, broker_url: str, key_prefix: str) -> dict[str, Any]:
    """What `paycore.celery` runs with. Every task may run twice or late."""
    return {
        "broker_url": broker_url,
        "broker_connection_retry_on_startup": True,
        # However long it is away, whoever restarts it must not have to restart us.
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
            "global_keyprefix": key_prefix,
        },
        # Tasks answer in the database; nobody waits for a result.
        "result_backend": None,
        "task_ignore_result": True,
        # Never pickle: whoever can write to the broker would run code here.
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        # A task whose worker dies is handed out again.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_time_limit": TASK_SECONDS,
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule": {
            "prove the books": {
                "task": "reconciliation.verify_ledger",
                "schedule": crontab(minute="7"),
                "options": {"expires": 3600},
            },
            "expire holds": {
                "task": "ledger.expire_holds",
                "schedule": crontab(),
                "options": MINUTES_LATE,
            },
            # By the second: what is due is in the database, so a run that is lost,
            # late or doubled changes nothing but how soon.
            "send payouts": {
                "task": "payouts.submit_due",
                "schedule": 1.0,
                "options": MINUTES_LATE,
            },
            "ask about payouts": {
                "task": "payouts.ask_due",
                "schedule": 1.0,
                "options": MINUTES_LATE,
            },
            "sweep payouts": {
                "task": "payouts.sweep",
                "schedule": 10.0,
                "options": MINUTES_LATE,
            },
            "watch reviews": {
                "task": "risk.watch_reviews",
                "schedule": 30.0,
                "options": MINUTES_LATE,
            },
            # Past days are added up once; what comes after is added to them when asked.
            "keep roll-ups": {
                "task": "reports.keep_rollups",
                "schedule": crontab(minute="*/5"),
                "options": {"expires": 300},
            },
            "refresh rates": {
                "task": "fx.refresh_rates",
                "schedule": crontab(minute="*/15"),
                "options": {"expires": 900},
            },
            "forget old idempotency keys": {
                "task": "api.purge_idempotency_keys",
                "schedule": crontab(hour="3", minute="23"),
                "options": {"expires": 3600},
            },
        },
    }
