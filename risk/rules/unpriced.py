"""Payments that cannot be compared with anything."""

from risk.rules.base import Case, Figures, Parameters, Rule


class NoRate(Rule):
    """No rate connects the currency, so neither worth nor limits can be judged.

    Worth knowing, and no points as it comes: whoever keeps books in such a currency
    chooses whether a person must look, by giving it as many as a review needs.
    """

    code = "NO_RATE"
    points = 0
    parameters = {}
    sentence = "No rate connects {currency} with {compared_in}."

    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        if case.worth.major is not None:
            return None
        return {
            "currency": case.payment.amount.currency.code,
            "compared_in": case.worth.currency,
        }
