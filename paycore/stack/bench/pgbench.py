"""The rival: `pgbench` writing the rows of a transfer with plain SQL.

The same rows in the same tables in one transaction, with the same locks in the same
order, on the same server, by statements written by hand: no HTTP, no authentication, no
judgement. What it writes are right books; the proof at the end covers them too.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

from paycore.stack import postgresql, processes
from paycore.stack.bench.figures import Run
from paycore.stack.bench.town import Choice, Town
from paycore.stack.processes import StackError

# One thread can keep so many clients busy.
CLIENTS_PER_THREAD: Final = 16
SECONDS_TO_END: Final = 60

# Note [Plain SQL]
#     Ids are made by the first statement, so it saves a round trip that nobody needs.
#     The accounts are locked in the order of their ids, as the posting engine does;
#     without that, two transfers in opposite directions would deadlock. Postings take
#     their balances from the accounts just updated. `:name` is filled in by pgbench.
_SCRIPT: Final = Template("""\
$choice
BEGIN;
INSERT INTO api_idempotencykey (principal, route, key, fingerprint)
VALUES ('user:$person', '/v1/transfers/internal', gen_random_uuid()::text,
    decode(repeat('00112233445566778899aabbccddeeff', 2), 'hex'))
ON CONFLICT DO NOTHING
RETURNING id AS key_id, $new_id AS entry, $new_id AS transfer, $new_id AS event \\gset
SELECT id, currency, posted_minor, held_minor, floor_minor
FROM ledger_ledgeraccount
WHERE id IN ($source, $destination) ORDER BY id FOR NO KEY UPDATE;
INSERT INTO ledger_journalentry (id, kind, description, metadata)
VALUES (':entry', 'internal', '',
    '{"transfer_id": ":transfer", "reference": null}');
UPDATE ledger_ledgeraccount
SET posted_minor = posted_minor + CASE id WHEN $source THEN -1 ELSE 1 END,
    version = version + 1
WHERE id IN ($source, $destination);
INSERT INTO ledger_posting
    (entry_id, account_id, amount_minor, currency, balance_after_minor)
SELECT ':entry', id, CASE id WHEN $source THEN -1 ELSE 1 END, currency, posted_minor
FROM ledger_ledgeraccount WHERE id IN ($source, $destination);
INSERT INTO transfers_transfer
    (id, kind, status, source_account_id, destination_account_id, source_owner_id,
     destination_owner_id, created_by_id, amount_minor, currency, amount_value,
     destination_amount_minor, destination_currency, description, metadata,
     merchant_name, merchant_category, refunded_minor, journal_entry_id, failure_code,
     completed_at)
SELECT ':transfer', 'internal', 'completed', source.id, destination.id,
    source.owner_id, destination.owner_id, '$person', 1, 'USD', 1000000, 1, 'USD', '',
    '{}', '', '', 0, ':entry', '', statement_timestamp()
FROM accounts_account AS source, accounts_account AS destination
WHERE source.id = $source AND destination.id = $destination
RETURNING source_owner_id, destination_owner_id \\gset
INSERT INTO events_event
    (id, type, subject_type, subject_id, owner_ids, actor, request_id, data)
VALUES (':event', 'transfer.completed', 'transfer', ':transfer',
    '{:source_owner_id,:destination_owner_id}', 'user:$person', ':event',
    '{"transfer_id": ":transfer", "kind": "internal", "source_account_id": "'
    || $source || '", "destination_account_id": "' || $destination
    || '", "amount": "0.01", "currency": "USD", "destination_amount": "0.01",'
       ' "destination_currency": "USD", "reference": null}');
UPDATE api_idempotencykey
SET status = 201, body = convert_to(repeat('x', 740), 'UTF8') WHERE id = :key_id;
COMMIT;
""")
