"""What operators see of risk, beside transfers that were just made."""

from collections.abc import Sequence
from uuid import UUID

from paycore.api.principals import Principal
from risk.serializers import PaymentRisk, find_visible_risk
from transfers.models import Transfer, TransferKind
from transfers.serializers import TransferResource
from transfers.services import is_screened


def resource_of_new(principal: Principal, transfer: Transfer) -> TransferResource:
    """A transfer that was just made."""
    risk = find_risk_of_new(principal, [transfer])
    return TransferResource.of(transfer, risk.get(transfer.pk))


def find_risk_of_new(
    principal: Principal, transfers: Sequence[Transfer]
) -> dict[UUID, PaymentRisk]:
    """As `find_visible_risk`, without a query for kinds that are not judged."""
    judged = [one.pk for one in transfers if is_screened(TransferKind(one.kind))]
    return find_visible_risk(principal, judged)
