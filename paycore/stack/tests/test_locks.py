"""A lock is held by one alone or shared by many, and never outlives its holder."""

import subprocess
import sys

from paycore.settings.environment import ROOT
from paycore.stack.locks import FileLock, held, is_held

HOLD_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from paycore.stack.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
time.sleep(60)
"""


def test_one_holds_it_alone(tmp_path):
    path = tmp_path / "lock"

    with held(path):
        assert is_held(path)
    assert not is_held(path)


def test_many_share_it_and_nobody_takes_it_meanwhile(tmp_path):
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.share()
    second.share()

    assert not FileLock(tmp_path / "lock").try_to_take()
    first.close()
    assert second.try_to_take()


def test_the_kernel_gives_back_the_lock_of_a_killed_process(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_KILLED, path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout.readline() == b"taken\n"
        assert is_held(path)
        holder.kill()
        holder.wait()

    assert not is_held(path)


def test_it_notices_that_its_file_was_deleted(tmp_path):
    lock = FileLock(tmp_path / "lock")
    assert lock.is_on_disk()

    (tmp_path / "lock").unlink()

    assert not lock.is_on_disk()
