"""The Celery application: `celery -A paycore.celery worker` (or `beat`)."""

import atexit
import os
from contextlib import ExitStack
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.conf import settings
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from paycore.settings.servers import are_embedded
from paycore.stack import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paycore.settings.local")

app = Celery("paycore")
app.config_from_object(settings.CELERY)
app.autodiscover_tasks()

_open = ExitStack()


@worker_init.connect
@beat_init.connect
def use_embedded_servers(**_: Any) -> None:
    """Keep the embedded servers up while this worker, or beat, runs."""
    if are_embedded():
        _open.enter_context(embedded.servers(settings.HOME, durable=settings.DURABLE))
        atexit.register(_open.close)


@worker_init.connect
def serve_metrics(**_: Any) -> None:
    """Let Prometheus read what the tasks count, where it cannot ask the web server.

    The web server adds up the files of its own machine only.
    """
    if settings.WORKER_METRICS_PORT and "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        start_http_server(settings.WORKER_METRICS_PORT, registry=registry)
