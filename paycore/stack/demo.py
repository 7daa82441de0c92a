"""The demo."""

from paycore.stack.supervisor import Supervisor


def tell(stack: Supervisor, *, password: str) -> int:
    return 0
