"""The caller of a view, as services ask for them."""

from paycore.api.principals import Principal
from transfers.services import Payer


def payer_of(principal: Principal) -> Payer:
    return Payer(principal.user_id, may_spend_from_any=principal.is_operator)
