"""The rival: `pgbench` writing the rows of a transfer with plain SQL.

The same rows in the same tables in one transaction, under the same locks, on the same
server, by statements written by hand: no HTTP, no authentication, no judgement. What it
writes are right books, and the proof at the end covers them too.
"""

import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from paycore.stack import postgresql, processes
from paycore.stack.bench.figures import Choice, Run
from paycore.stack.bench.town import FIRST_NUMBER, ID_PREFIX

CLIENTS_PER_THREAD: Final = 16
SECONDS_TO_END: Final = 60
TRANSACTIONS: Final = re.compile(r"actually processed: (\d+)")
FAILED: Final = re.compile(r"failed transactions: (\d+)")
PER_SECOND: Final = re.compile(r"tps = ([\d.]+) \(without initial connection")


@dataclass(frozen=True, slots=True)
class Plain:
    """A database, who orders the transfers there, and between how many accounts."""

    database: Mapping[str, Any]
    person: UUID
    accounts: int

    def run(
        self, *, clients: int, seconds: int, choice: Choice, is_prepared: bool = False
    ) -> Run:
        """Let so many clients make transfers for so long."""
        with self._script(choice, is_prepared=is_prepared) as script:
            done = subprocess.run(
                [
                    *(postgresql.programs() / "pgbench", "--no-vacuum"),
                    f"--protocol={'prepared' if is_prepared else 'simple'}",
                    f"--client={clients}",
                    f"--jobs={-(-clients // CLIENTS_PER_THREAD)}",
                    f"--time={seconds}",
                    f"--file={script}",
                    *("--log", f"--log-prefix={script.with_suffix('')}"),
                ],
                env=environment(self.database),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds + SECONDS_TO_END,
                check=False,
                preexec_fn=processes.dies_with_parent(signal.SIGKILL),
            )
            logs = script.parent.glob(f"{script.stem}.[0-9]*")
            latencies = [s for log in logs for s in read_log(log.read_text())]
        return read_output(done.stdout, done.stderr, done.returncode, latencies)

    @contextmanager
    def _script(self, choice: Choice, *, is_prepared: bool) -> Iterator[Path]:
        with TemporaryDirectory(prefix="paycore-bench-") as directory:
            path = Path(directory) / "plain.sql"
            path.write_text(self.script(choice, is_prepared=is_prepared))
            yield path

    def script(self, choice: Choice, *, is_prepared: bool) -> str:
        """What each client does again and again."""
        if is_prepared:
            # Each `:name` becomes a parameter, so none may stand inside quotes.
            account, made = f"('{ID_PREFIX}' || :{{}})::uuid", ":{}::uuid"
        else:
            account, made = f"'{ID_PREFIX}:{{}}'", "':{}'"
        names = ("entry", "transfer", "event", "payer_owner", "payee_owner")
        return _SCRIPT.substitute(
            choice=_choose(choice, self.accounts),
            person=self.person,
            payer=account.format("payer"),
            payee=account.format("payee"),
            **{name: made.format(name) for name in names},
        )


def environment(database: Mapping[str, Any]) -> dict[str, str]:
    """How a program of PostgreSQL is told where Django's database is."""
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    told = {name: str(database.get(key) or "") for name, key in names.items()}
    options = database.get("OPTIONS", {})
    told["PGSSLMODE"] = options.get("sslmode", "")
    told["PGSSLROOTCERT"] = options.get("sslrootcert", "")
    return {name: value for name, value in told.items() if value}


def read_log(text: str) -> list[float]:
    """Seconds that each transaction took, from a log of pgbench."""
    rows = (line.split() for line in text.splitlines())
    # client, number, microseconds, script, when; a failed one has a word for the third.
    return [int(row[2]) / 1e6 for row in rows if len(row) >= 6 and row[2].isdecimal()]


def read_output(output: str, errors: str, code: int, latencies: list[float]) -> Run:
    """What pgbench says it did."""
    made, per_second, failed = (
        pattern.search(output) for pattern in (TRANSACTIONS, PER_SECOND, FAILED)
    )
    complaints = [line for line in errors.splitlines() if "error" in line.lower()]
    if failed and int(failed[1]):
        complaints.append(f"{failed[1]} transactions failed.")
    if code or made is None or per_second is None:
        complaints = complaints or [f"pgbench ended with {code}: {errors[-300:]}"]
    transactions = int(made[1]) if made else 0
    rate = float(per_second[1]) if per_second else 0.0
    return Run(
        transfers=transactions,
        seconds=transactions / rate if rate else 0.0,
        latencies=latencies,
        errors=complaints,
    )


def _choose(choice: Choice, accounts: int) -> str:
    first, last = FIRST_NUMBER, FIRST_NUMBER + accounts - 1
    other = f"random({first + 1}, {last})"
    if choice is Choice.HOT_PAYER:
        return f"\\set payer {first}\n\\set payee {other}"
    if choice is Choice.HOT_RECEIVER:
        return f"\\set payer {other}\n\\set payee {first}"
    # Any of the others: whoever is not before the payer moves up by one.
    return (
        f"\\set payer random({first}, {last})\n"
        f"\\set payee random({first}, {last - 1})\n"
        "\\if :payee >= :payer\n\\set payee :payee + 1\n\\endif"
    )


# Note [Plain SQL]
#     Ids come with the first statement, which saves a round trip. The accounts are
#     locked in the order of their ids, as the posting engine does: two transfers in
#     opposite directions would deadlock otherwise. Postings take their balances from
#     the accounts just updated. As many bytes are remembered for the key as the answer
#     over HTTP has.
_SCRIPT: Final = Template("""\
$choice
BEGIN;
INSERT INTO api_idempotencykey (principal, route, key, fingerprint)
VALUES ('user:$person', '/v1/transfers/internal', gen_random_uuid()::text,
    decode(repeat('00112233445566778899aabbccddeeff', 2), 'hex'))
ON CONFLICT DO NOTHING
RETURNING id AS key_id, uuidv7() AS entry, uuidv7() AS transfer,
    uuidv7() AS event \\gset
SELECT id, currency, posted_minor, held_minor, floor_minor FROM ledger_ledgeraccount
WHERE id IN ($payer, $payee) ORDER BY id FOR NO KEY UPDATE;
INSERT INTO ledger_journalentry (id, kind, description, metadata)
VALUES ($entry, 'internal', '',
    ('{"transfer_id": "' || $transfer || '", "reference": null}')::jsonb);
UPDATE ledger_ledgeraccount
SET posted_minor = posted_minor + CASE id WHEN $payer THEN -1 ELSE 1 END,
    version = version + 1
WHERE id IN ($payer, $payee);
INSERT INTO ledger_posting
    (entry_id, account_id, amount_minor, currency, balance_after_minor)
SELECT $entry, id, CASE id WHEN $payer THEN -1 ELSE 1 END, currency, posted_minor
FROM ledger_ledgeraccount WHERE id IN ($payer, $payee);
INSERT INTO transfers_transfer
    (id, kind, status, source_account_id, destination_account_id, source_owner_id,
     destination_owner_id, created_by_id, amount_minor, currency, amount_value,
     destination_amount_minor, destination_currency, description, metadata,
     merchant_name, merchant_category, refunded_minor, income_minor, journal_entry_id,
     failure_code, completed_at)
SELECT $transfer, 'internal', 'completed', payer.id, payee.id, payer.owner_id,
    payee.owner_id, '$person', 1, 'USD', 1000000, 1, 'USD', '', '{}', '', '', 0, 0,
    $entry, '', statement_timestamp()
FROM accounts_account AS payer, accounts_account AS payee
WHERE payer.id = $payer AND payee.id = $payee
RETURNING source_owner_id AS payer_owner, destination_owner_id AS payee_owner \\gset
INSERT INTO events_event
    (id, type, subject_type, subject_id, owner_ids, actor, request_id, data)
VALUES ($event, 'transfer.completed', 'transfer', $transfer,
    ARRAY[$payer_owner, $payee_owner]::uuid[], 'user:$person', $event,
    ('{"transfer_id": "' || $transfer || '", "kind": "internal", '
     '"source_account_id": "' || $payer || '", '
     '"destination_account_id": "' || $payee || '", '
     '"amount": "0.01", "currency": "USD", "destination_amount": "0.01", '
     '"destination_currency": "USD", "reference": null}')::jsonb);
UPDATE api_idempotencykey
SET status = 201, body = convert_to(repeat('x', 640), 'UTF8') WHERE id = :key_id;
COMMIT;
""")
