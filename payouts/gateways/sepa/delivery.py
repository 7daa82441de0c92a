"""Putting files where the bank's channel (EBICS, SFTP, ...) picks them up.

Note [A file appears once]
    Whatever lies in the outbox as `*.xml` is taken away and paid, so a file may not
    appear there again after it was taken. The only step that makes it appear is a
    rename, which also takes it out of the staging directory. Each step is done under
    the lock of the file's row:

    1. The content is written into the staging directory and synced; then the row says
       `staged_at`. Died in between: nobody has renamed it, so writing it again is safe.
    2. The staged file is renamed into the outbox; then the row says `delivered_at`.
       Died in between: it is no longer staged, so it has appeared, and only the row is
       left to write.

    Twice, at once, on several machines that share the directory: the same.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from paycore.lib.sealing import CannotUnseal, unseal
from paycore.lib.times import StatementTime
from payouts.models import SepaFile

log = structlog.get_logger(__name__)

# In the outbox, to be on its file system, and hidden from whoever takes `*.xml`.
STAGING: Final = ".staging"
# An outbox that is away fails all files alike: a day's worth of them, each with its
# traceback, would keep the worker from payouts each time it looks.
MOST_FAILURES: Final = 10


def deliver_files() -> int:
    """Deliver every stored file that the bank was not given; answers how many.

    May run at any time. What cannot be delivered now (no directory, disk full) is
    logged and stays for the next run. The others are not kept waiting, unless the disk
    failed `MOST_FAILURES` times.
    """
    waiting = SepaFile.objects.filter(delivered_at__isnull=True).order_by("created_at")
    delivered, failures = 0, 0
    for file_id, message_id in list(waiting.values_list("pk", "message_id")):
        try:
            _stage(file_id)
            delivered += _publish(file_id)
        except (OSError, CannotUnseal) as problem:
            log.exception("sepa_file_not_delivered", message_id=message_id)
            failures += isinstance(problem, OSError)
        if failures == MOST_FAILURES:
            break
    return delivered


def _stage(file_id: UUID) -> None:
    """Step 1 of Note [A file appears once]."""
    with transaction.atomic(durable=True):
        file = _lock(file_id, is_staged=False)
        if file is not None:
            staging = _outbox() / STAGING
            # Never the outbox itself: one that is missing is one that is not mounted.
            staging.mkdir(mode=0o700, exist_ok=True)
            _write(staging, file.message_id, unseal(file.content_sealed))
            SepaFile.objects.filter(pk=file_id).update(staged_at=StatementTime())


def _publish(file_id: UUID) -> bool:
    """Step 2 of Note [A file appears once]. Whether this call has finished it."""
    with transaction.atomic(durable=True):
        file = _lock(file_id, is_staged=True)
        if file is None:
            return False
        outbox = _outbox()
        name = f"{file.message_id}.xml"
        if not (outbox / STAGING).is_dir():
            # Another directory than before, so what is missing says nothing.
            raise FileNotFoundError(f"{outbox} is not where the file was staged.")
        with suppress(FileNotFoundError):
            (outbox / STAGING / name).replace(outbox / name)
        _sync(outbox)
        SepaFile.objects.filter(pk=file_id).update(delivered_at=StatementTime())
        return True


def _lock(file_id: UUID, *, is_staged: bool) -> SepaFile | None:
    # Who finds it locked leaves it to the one who is at it.
    rows = SepaFile.objects.select_for_update(no_key=True, skip_locked=True)
    return rows.filter(
        pk=file_id, staged_at__isnull=not is_staged, delivered_at__isnull=True
    ).first()


def _outbox() -> Path:
    if not settings.SEPA_OUTBOX:
        raise FileNotFoundError("SEPA_OUTBOX names no directory.")
    return Path(settings.SEPA_OUTBOX)


def _write(directory: Path, message_id: str, content: str) -> None:
    """Write the whole file or none of it, for this user's eyes only."""
    for leftover in directory.glob(f"{message_id}.*.tmp"):
        leftover.unlink(missing_ok=True)
    # Open to nobody else from the start, which is what mkstemp promises.
    handle, name = tempfile.mkstemp(".tmp", f"{message_id}.", directory)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(directory / f"{message_id}.xml")
    finally:
        temporary.unlink(missing_ok=True)
    _sync(directory)


def _sync(directory: Path) -> None:
    # A rename is on the disk only when its directory is.
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
