"""What every list of the back office keeps to."""

from django.contrib import admin

from paycore.backoffice.lists import parameters_of
from paycore.backoffice.pages import Pages


def test_slow_filters_are_filters_of_their_list():
    wrong = {
        type(pages).__name__: unknown
        for pages in admin.site._registry.values()
        if isinstance(pages, Pages)
        and (unknown := pages.slow_filters - {*parameters_of(pages.list_filter)})
    }

    assert not wrong
