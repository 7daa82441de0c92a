"""What every transfer is asked before it may move money."""

from uuid import UUID

from paycore.lib.errors import DuplicateReference
from transfers.selectors import find_taken_references


def refuse_taken_reference(reference: str | None, *, user_id: UUID) -> None:
    """Raises: `DuplicateReference`. No statement without a reference."""
    if reference is not None and find_taken_references(
        user_id=user_id, references=[reference]
    ):
        raise DuplicateReference(pointer="/reference", reference=reference)
