"""What every chapter uses: the people, what they can do, and the table of steps."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table

from paycore.stack.client import Answer, Caller
from paycore.stack.supervisor import HOST, Supervisor

COLUMNS = {"": 3, "Who": 10, "Does what": 40, "Expected": 28, "Got": 28, " ": 2}


@dataclass
class Stage:
    """Who is in the story, which accounts they have, and how it went so far."""

    stack: Supervisor
    console: Console
    password: str
    steps: int = 0
    surprises: int = 0
    rows: list[tuple[str, ...]] = field(default_factory=list)
    callers: dict[str, Caller] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    transfers: dict[str, str] = field(default_factory=dict)
    # So that a home with data of earlier runs meets nobody twice.
    run: str = field(default_factory=lambda: secrets.token_hex(3))

    @property
    def anybody(self) -> Caller:
        return Caller(HOST, self.stack.port, "anybody")

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """Collect the steps of a block, and print them even when it breaks off."""
        self.rows = []
        try:
            yield
        finally:
            table = Table(
                title=title,
                title_justify="left",
                title_style="bold",
                box=box.SIMPLE_HEAD,
                padding=(0, 1, 0, 0),
            )
            for name, width in COLUMNS.items():
                table.add_column(name, width=width, overflow="fold")
            for row in self.rows:
                table.add_row(*row)
            self.console.print(table)

    def step(self, who: Caller, what: str, expected: str, got: str) -> None:
        """Write down one step; anything but the expected is a surprise."""
        self.steps += 1
        self.surprises += expected != got
        mark = "[green]ok[/]" if expected == got else "[bold red]NO[/]"
        self.rows.append((str(self.steps), who.name, what, expected, got, mark))

    def refused(self, who: Caller, what: str, expected: str, amount: object) -> None:
        """Somebody tries to send so much of zoe's money to bob."""
        answer = self.pay(who, self.order("zoe", "bob", amount))
        self.step(who, what, expected, answer.told())

    def balances_are(self, *, zoe: str, bob: str) -> None:
        """Both have exactly so many dollars, each seen with their own eyes."""
        self.balance_is("zoe", "zoe", f"{zoe} USD")
        self.balance_is("bob", "bob", f"{bob} USD")

    def balance_is(
        self, name: str, account: str, expected: str, *, what: str = "now has"
    ) -> None:
        """Somebody can spend exactly so much of an account."""
        caller = self.callers[name]
        answer = caller.get(f"/v1/accounts/{self.accounts[account]}/balance")
        got = answer.told("available", "currency")
        self.step(caller, what, f"200 {expected}", got)

    def open_account(self, name: str, account: str, currency: str, what: str) -> None:
        """Somebody opens an account, known by a name of its own from here on."""
        caller = self.callers[name]
        answer = caller.post("/v1/accounts", {"currency": currency})
        self.accounts[account] = str(answer["id"])
        got = answer.told("status", "balance.available", "currency")
        self.step(caller, what, f"201 active 0.00 {currency}", got)

    def order(
        self, source: str, destination: str, amount: object, **more: str
    ) -> dict[str, object]:
        """A transfer as its sender writes it."""
        return {
            "source_account_id": self.accounts[source],
            "destination_account_id": self.accounts[destination],
            "amount": amount,
            **more,
        }

    def pay(
        self, who: Caller, order: dict[str, object], *, key: str | None = None
    ) -> Answer:
        """Send a transfer, under a fresh key unless one is given."""
        return self.send(who, "/v1/transfers/internal", order, key=key)

    def send(
        self,
        who: Caller,
        path: str,
        order: Mapping[str, object],
        *,
        key: str | None = None,
    ) -> Answer:
        """Send one order, under a fresh key unless one is given."""
        return who.post(path, order, key=secrets.token_hex(8) if key is None else key)

    def batch(self, who: Caller, mode: str, orders: list[dict[str, object]]) -> Answer:
        """Send many orders as one, under a fresh key."""
        body = {"mode": mode, "transfers": orders}
        return self.send(who, "/v1/transfers/batch", body)

    def sign_in(self, name: str, *, email: str, password: str) -> None:
        """Somebody enters the story."""
        answer = self.login(email, password)
        caller = self.anybody.with_token(name, str(answer["access"]))
        self.step(caller, "signs in", "200 Bearer", answer.told("token_type"))
        self.callers[name] = caller

    def login(self, email: str, password: str) -> Answer:
        credentials = {"email": email, "password": password}
        return self.anybody.post("/v1/auth/login", credentials)

    def email(self, name: str) -> str:
        return f"{name}-{self.run}@paycore.example"

    def password_of(self, name: str) -> str:
        return f"the long pass phrase of {name} {self.run}"
