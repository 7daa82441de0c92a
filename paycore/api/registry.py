"""Where metrics are read from: this process, or the files of all of them."""

import os

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector


def registry() -> CollectorRegistry:
    """With `PROMETHEUS_MULTIPROC_DIR`, the sum over all processes that write there."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    collected = CollectorRegistry()
    MultiProcessCollector(collected)  # type: ignore[no-untyped-call]
    return collected
