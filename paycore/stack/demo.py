"""`make demo`: the main job through the real HTTP API, step by step, with proof.

Each step says beforehand what the server must answer. Whatever earlier runs left in the
home, the story is the same: the people in it are new each time.
"""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from paycore.settings.environment import ROOT
from paycore.stack import seeds
from paycore.stack.client import Answer, Caller
from paycore.stack.supervisor import HOST, Supervisor

AT_ONCE: Final = 20
SECONDS_FOR_THE_WORKER: Final = 30
WIDTH: Final = 118


def tell(stack: Supervisor, *, password: str) -> int:
    """Tell the story; 0 when everything was as expected, else 1."""
    story = Story(stack, Console(width=WIDTH, highlight=False), password)
    story.tell()
    return story.conclude()


@dataclass
class Story:
    """The people of the demo, and what became of what they tried."""

    stack: Supervisor
    console: Console
    password: str
    steps: int = 0
    surprises: int = 0
    rows: list[tuple[str, ...]] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        # So that a home with data of earlier runs meets nobody twice.
        self.run = secrets.token_hex(3)
        self.anybody = Caller(HOST, self.stack.port, "anybody")
        self.zoe = self.bob = self.mallory = self.operator = self.anybody

    def tell(self) -> None:
        """Every chapter, in order: each stands on the ones before."""
        with self.chapter("People sign up, sign in, and make keys for their servers"):
            self.people_arrive()
        with self.chapter("Accounts, and an opening balance that only staff may give"):
            self.accounts_are_opened()
        with self.chapter("Money moves, or is refused by name and nothing moves"):
            self.money_moves()
        with self.chapter("One order is executed once, however often it is sent"):
            self.orders_are_repeated()
        with self.chapter("Batches: each on its own, or all or nothing"):
            self.batches_are_sent()
        with self.chapter("A frozen account neither sends nor receives"):
            self.an_account_is_frozen()
        with self.chapter("Nothing is forgotten: entries, statement, the past"):
            self.history_is_read()
        with self.chapter("The proof of the books"):
            self.books_are_proved()

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """Collect the steps of a block and print them as a table."""
        self.rows = []
        try:
            yield
        finally:
            table = Table(
                title=title, title_justify="left", title_style="bold", box=box.SIMPLE
            )
            for name, width in (("", 3), ("Who", 9), ("Does what", 46)):
                table.add_column(name, width=width)
            for name in ("Expected", "Got"):
                table.add_column(name, width=20, overflow="fold")
            table.add_column("", width=2)
            for row in self.rows:
                table.add_row(*row)
            self.console.print(table)

    def step(self, who: Caller, what: str, *, expected: str, got: str) -> None:
        """Write down one step; anything but the expected is a surprise."""
        self.steps += 1
        as_expected = expected == got
        self.surprises += not as_expected
        mark = "[green]ok[/]" if as_expected else "[bold red]NO[/]"
        self.rows.append((str(self.steps), who.name, what, expected, got, mark))

    def conclude(self) -> int:
        """Say how it went; the exit code."""
        seconds = time.monotonic() - self.started
        if self.surprises:
            self.console.print(
                f"[bold red]{self.surprises} of {self.steps} steps went differently"
                f" than expected.[/] Logs: {self.stack.home / 'logs'}"
            )
            return 1
        self.console.print(
            f"[bold green]All {self.steps} steps went as expected,[/]"
            f" in {seconds:.1f} s, and the books are right."
        )
        return 0

    def people_arrive(self) -> None:
        me = self.anybody
        answer = me.get("/v1/accounts")
        self.step(
            me,
            "looks at accounts without signing in",
            expected="401 unauthenticated",
            got=answer.told(),
        )
        for name in ("zoe", "bob"):
            sign_up = {"email": self.email(name), "password": self.password_of(name)}
            answer = me.post("/v1/users", sign_up)
            self.step(
                me,
                f"signs up as {name}",
                expected="201 user active",
                got=answer.told("role", "status"),
            )
        answer = me.post("/v1/users", sign_up)
        self.step(
            me,
            "signs up with bob's address again",
            expected="409 duplicate_user",
            got=answer.told(),
        )
        answer = self.login(self.email("zoe"), "not her password")
        self.step(
            me,
            "signs in with a wrong password",
            expected="401 unauthenticated",
            got=answer.told(),
        )
        self.zoe = self.sign_in("zoe", self.email("zoe"), self.password_of("zoe"))
        self.bob = self.sign_in("bob", self.email("bob"), self.password_of("bob"))
        for name in ("mallory", "operator"):
            seed = seeds.BY_NAME[name]
            setattr(self, name, self.sign_in(name, seed.email, self.password))
        self.a_key_is_made()

    def a_key_is_made(self) -> None:
        wanted = {"name": "Till 7", "scopes": ["accounts:read"]}
        answer = self.zoe.post("/v1/api-keys", wanted)
        self.step(
            self.zoe,
            "makes an API key that may only read accounts",
            expected="201 Till 7",
            got=answer.told("name"),
        )
        server = self.anybody.with_key("zoe's till", str(answer["key"]))
        answer = server.get("/v1/accounts")
        self.step(
            server,
            "lists zoe's accounts with the key",
            expected="200 []",
            got=answer.told("items"),
        )
        answer = server.post("/v1/accounts", {"currency": "USD"})
        self.step(
            server,
            "opens an account with the key",
            expected="403 permission_denied",
            got=answer.told(),
        )

    def accounts_are_opened(self) -> None:
        for caller in (self.zoe, self.bob):
            wanted = {"currency": "USD", "external_id": "everyday"}
            answer = caller.post("/v1/accounts", wanted)
            self.accounts[caller.name] = answer["id"]
            self.step(
                caller,
                "opens an account in US dollars",
                expected="201 active 0.00",
                got=answer.told("status", "balance.available"),
            )
        answer = self.zoe.post("/v1/accounts", wanted)
        self.step(
            self.zoe,
            "opens another one under the same external_id",
            expected="409 duplicate_account",
            got=answer.told(),
        )
        savings = {"currency": "USD", "name": "Savings", "initial_balance": "500.00"}
        answer = self.zoe.post("/v1/accounts", savings)
        self.step(
            self.zoe,
            "opens one that begins with 500.00",
            expected="403 permission_denied",
            got=answer.told(),
        )
        savings["owner_id"] = self.zoe.get("/v1/users/me")["id"]
        answer = self.operator.post("/v1/accounts", savings)
        self.accounts["savings"] = answer["id"]
        self.step(
            self.operator,
            "opens it for her, from house:opening:USD",
            expected="201 500.00",
            got=answer.told("balance.posted"),
        )

    def money_moves(self) -> None:
        answer = self.pay(self.zoe, "savings", "zoe", "400.00")
        self.step(
            self.zoe,
            "moves 400.00 from savings to everyday",
            expected="201 completed 400.00",
            got=answer.told("status", "amount"),
        )
        answer = self.pay(self.zoe, "zoe", "bob", "120.50", description="Rent")
        self.step(
            self.zoe,
            "pays bob 120.50",
            expected="201 completed 120.50",
            got=answer.told("status", "amount"),
        )
        self.balances_are("279.50", "120.50")
        self.refused(self.zoe, "279.51", "422 insufficient_balance", "one cent more")
        self.refused(self.zoe, "0.001", "400 invalid_amount", "a tenth of a cent")
        self.refused(self.zoe, 10.5, "400 invalid_amount", "a JSON number")
        answer = self.pay(self.zoe, "zoe", "bob", "1.00", currency="EUR")
        self.step(
            self.zoe,
            "pays euros from an account in dollars",
            expected="422 currency_mismatch",
            got=answer.told(),
        )
        self.refused(self.mallory, "1.00", "403 permission_denied", "zoe's money")
        answer = self.mallory.get(f"/v1/accounts/{self.accounts['zoe']}")
        self.step(
            self.mallory,
            "looks at zoe's account",
            expected="404 account_not_found",
            got=answer.told(),
        )
        self.balances_are("279.50", "120.50")

    def orders_are_repeated(self) -> None:
        key = f"dinner-{self.run}"
        first = self.pay(self.zoe, "zoe", "bob", "9.50", key=key)
        self.step(
            self.zoe,
            "pays bob 9.50 with an Idempotency-Key",
            expected="201 completed 9.50",
            got=first.told("status", "amount"),
        )
        again = self.pay(self.zoe, "zoe", "bob", "9.50", key=key)
        replayed = again.headers.get("idempotent-replayed")
        self.step(
            self.zoe,
            "sends the same again: the same transfer",
            expected="201 True true",
            got=f"{again.status} {again.body == first.body} {replayed}",
        )
        answer = self.pay(self.zoe, "zoe", "bob", "95.00", key=key)
        self.step(
            self.zoe,
            "sends another amount under that key",
            expected="409 idempotency_key_reused",
            got=answer.told(),
        )
        answer = self.pay(self.zoe, "zoe", "bob", "9.50", key="")
        self.step(
            self.zoe,
            "sends it with an empty key",
            expected="400 idempotency_key_required",
            got=answer.told(),
        )
        key = f"taxi-{self.run}"
        with ThreadPoolExecutor(AT_ONCE) as threads:
            orders = [
                threads.submit(self.pay, self.zoe, "zoe", "bob", "20.00", key=key)
                for _ in range(AT_ONCE)
            ]
            answers = [order.result() for order in orders]
        transfers = {answer["id"] for answer in answers if answer.status == 201}
        self.step(
            self.zoe,
            f"sends one order {AT_ONCE} times at once: transfers made",
            expected="1",
            got=str(len(transfers)),
        )
        self.balances_are("250.00", "150.00")

    def batches_are_sent(self) -> None:
        orders = [self.order("zoe", "bob", amount) for amount in ("10", "900", "5")]
        answer = self.batch("independent", orders)
        self.step(
            self.zoe,
            "pays 10.00, 900.00 and 5.00, each on its own",
            expected="201 2 completed, 1 failed",
            got=f"{answer.told('completed')} completed, {answer['failed']} failed",
        )
        self.balances_are("235.00", "165.00")
        answer = self.batch("atomic", orders)
        statuses = [item.get("status") for item in answer["items"] or []]
        self.step(
            self.zoe,
            "pays the same, all or nothing",
            expected="422 batch_refused",
            got=answer.told(),
        )
        self.step(
            self.zoe,
            "reads why",
            expected="not_executed, failed, not_executed",
            got=", ".join(map(str, statuses)),
        )
        hundred = [self.order("zoe", "bob", "0.01")] * 100
        answer = self.batch("atomic", hundred)
        self.step(
            self.zoe,
            "pays a cent a hundred times, all or nothing",
            expected="201 100",
            got=answer.told("completed"),
        )
        self.balances_are("234.00", "166.00")

    def an_account_is_frozen(self) -> None:
        path = f"/v1/accounts/{self.accounts['bob']}"
        answer = self.bob.post(f"{path}/freeze", {"reason": "I want to"})
        self.step(
            self.bob,
            "freezes his own account",
            expected="403 permission_denied",
            got=answer.told(),
        )
        answer = self.operator.post(f"{path}/freeze", {"reason": "Reported stolen"})
        self.step(
            self.operator,
            "freezes bob's account",
            expected="200 frozen",
            got=answer.told("status"),
        )
        self.refused(self.zoe, "1.00", "422 account_not_active", "a frozen account")
        answer = self.operator.post(f"{path}/unfreeze", {"reason": "Card found"})
        self.step(
            self.operator,
            "unfreezes it",
            expected="200 active",
            got=answer.told("status"),
        )
        answer = self.bob.post(f"{path}/close", {"reason": "Moving away"})
        self.step(
            self.bob,
            "closes it with money in it",
            expected="422 account_not_empty",
            got=answer.told(),
        )

    def history_is_read(self) -> None:
        path = f"/v1/accounts/{self.accounts['bob']}"
        entries = self.bob.get(f"{path}/entries?limit=100")
        count = len(entries["items"] or [])
        self.step(
            self.bob,
            "reads the newest 100 of 105 entries",
            expected="200 100, and more",
            got=f"{entries.status} {count}, "
            + ("and more" if entries["next_cursor"] else "no more"),
        )
        statement = self.bob.get(f"{path}/statement")
        lines: list[dict[str, Any]] = statement["lines"] or []
        total = sum(cents(line["amount"]) * sign(line) for line in lines)
        self.step(
            self.bob,
            "adds up his statement: opening and lines are closing",
            expected=f"200 0.00 + {dollars(total)} = 166.00",
            got=f"{statement.told('opening_balance')} + {dollars(total)}"
            f" = {statement['closing_balance']}",
        )
        rent = next((line for line in lines if line["description"] == "Rent"), {})
        moment = rent.get("created_at")
        answer = self.bob.get(f"{path}/balance?as_of={moment}")
        self.step(
            self.bob,
            "asks for his balance when the rent had come",
            expected="200 120.50",
            got=answer.told("posted"),
        )
        answer = self.zoe.get("/v1/transfers?status=completed&max_amount=0.01&limit=7")
        self.step(
            self.zoe,
            "lists her smallest transfers, seven a page",
            expected="200 7",
            got=f"{answer.status} {len(answer['items'] or [])}",
        )

    def books_are_proved(self) -> None:
        us = Caller(HOST, self.stack.port, "paycore")
        before = self.proofs()
        subprocess.run(
            [
                *(sys.executable, "-m", "celery", "--app=paycore.celery", "call"),
                "reconciliation.verify_ledger",
            ],
            cwd=ROOT,
            env=self.stack.environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        deadline = time.monotonic() + SECONDS_FOR_THE_WORKER
        while self.proofs() == before and time.monotonic() < deadline:
            time.sleep(0.2)
        self.step(
            us,
            "the worker proves the books, as beat asks it every hour",
            expected="proved",
            got="proved" if self.proofs() > before else "no answer",
        )
        verdict = self.stack.manage("verify_ledger").strip().splitlines()[-1]
        self.step(
            us,
            "manage.py verify_ledger recomputes every balance",
            expected="The books are right.",
            got=verdict.partition(". ")[0] + ".",
        )

    def refused(
        self, who: Caller, amount: object, expected: str, description: str
    ) -> None:
        answer = self.pay(who, "zoe", "bob", amount)
        self.step(
            who, f"tries to pay bob {description}", expected=expected, got=answer.told()
        )

    def balances_are(self, of_zoe: str, of_bob: str) -> None:
        for caller, expected in ((self.zoe, of_zoe), (self.bob, of_bob)):
            account_id = self.accounts[caller.name]
            answer = caller.get(f"/v1/accounts/{account_id}/balance")
            self.step(
                caller,
                "now has",
                expected=f"200 {expected} USD",
                got=answer.told("available", "currency"),
            )

    def pay(
        self,
        who: Caller,
        source: str,
        destination: str,
        amount: object,
        *,
        key: str | None = None,
        **more: str,
    ) -> Answer:
        order = self.order(source, destination, amount) | more
        key = secrets.token_hex(8) if key is None else key
        return who.post("/v1/transfers/internal", order, key=key)

    def order(self, source: str, destination: str, amount: object) -> dict[str, object]:
        return {
            "source_account_id": self.accounts[source],
            "destination_account_id": self.accounts[destination],
            "amount": amount,
        }

    def batch(self, mode: str, orders: list[dict[str, object]]) -> Answer:
        body = {"mode": mode, "transfers": orders}
        return self.zoe.post("/v1/transfers/batch", body, key=secrets.token_hex(8))

    def proofs(self) -> float:
        """How often the worker has proved the books, as the metrics tell."""
        lines = str(self.operator.get("/metrics").body).splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith("worker_runs_total") and '"verify_ledger"' in line
        )

    def sign_in(self, name: str, email: str, password: str) -> Caller:
        answer = self.login(email, password)
        caller = self.anybody.with_token(name, str(answer["access"]))
        self.step(
            caller, "signs in", expected="200 Bearer", got=answer.told("token_type")
        )
        return caller

    def login(self, email: str, password: str) -> Answer:
        credentials = {"email": email, "password": password}
        return self.anybody.post("/v1/auth/login", credentials)

    def email(self, name: str) -> str:
        return f"{name}-{self.run}@paycore.example"

    def password_of(self, name: str) -> str:
        return f"the demo's {name} of {self.run}"


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def sign(line: dict[str, Any]) -> int:
    return 1 if line["direction"] == "credit" else -1


def dollars(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"
