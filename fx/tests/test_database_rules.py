"""The database has the last word on rates and quotes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from fx.models import Quote, Rate, RateSource, Spread
from fx.tests.rates import NOW, say
from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id

pytestmark = pytest.mark.django_db


def rate(**more):
    fields = {"base": "USD", "quote": "EUR", "rate": 1, "source": "x", "as_of": NOW}
    return Rate(**{**fields, **more})


def spread(**more):
    fields = {"base": "EUR", "quote": "USD", "basis_points": 1, "actor": "x"}
    return Spread(**{**fields, "reason": "y", **more})


def quote(**more):
    fields = {
        "owner_id": new_id(),
        "source_minor": 9200,
        "source_currency": "EUR",
        "destination_minor": 10000,
        "destination_currency": "USD",
        "income_minor": 0,
        "rate": "1.086956521739130435",
        "expires_at": NOW,
    }
    return Quote(**{**fields, **more})


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        (rate(rate=0), "fx_rate_is_positive"),
        (rate(rate=-1), "fx_rate_is_positive"),
        (rate(quote="USD"), "fx_rate_is_between_two_currencies"),
        (spread(base="USD", quote="EUR"), "fx_spread_pair_is_in_order"),
        (spread(base="USD", quote="USD"), "fx_spread_pair_is_in_order"),
        (spread(basis_points=10_000), "fx_spread_is_less_than_the_whole"),
        (quote(source_minor=0), "fx_quote_amounts_are_positive"),
        (quote(destination_minor=0), "fx_quote_amounts_are_positive"),
        (quote(income_minor=-1), "fx_quote_amounts_are_positive"),
        (quote(rate=0), "fx_quote_rate_is_positive"),
        (quote(source_currency="USD"), "fx_quote_is_between_two_currencies"),
        (quote(redeemed_at=NOW), "fx_quote_is_redeemed_before_it_expires"),
        (
            RateSource(name="x", failures=1),
            "fx_ratesource_is_left_alone_after_failures",
        ),
        (
            RateSource(name="x", retry_at=NOW),
            "fx_ratesource_is_left_alone_after_failures",
        ),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row, constraint):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        row.save()

    assert violated_constraint(error.value) == constraint
    assert not type(row).objects.exists()


def test_a_quote_is_redeemed_before_it_expires():
    quote(redeemed_at=NOW - timedelta(microseconds=1)).save()


def test_a_rate_is_said_once():
    say("USD/EUR", "1", source="x")

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        rate().save()

    assert violated_constraint(error.value) == "fx_rate_is_said_once"


def test_a_source_has_a_name_of_its_own():
    RateSource.objects.create(name="x")

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        RateSource.objects.create(name="x")

    assert violated_constraint(error.value) == "fx_ratesource_has_a_name_of_its_own"


@pytest.mark.parametrize("table", ["fx_rate", "fx_spread"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_what_was_said_never_changes(table, statement):
    with (
        pytest.raises(IntegrityError) as error,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))

    assert violated_constraint(error.value) == f"{table}_is_append_only"
