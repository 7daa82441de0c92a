"""Every rule is registered, once, and can say what it found."""

import re
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

import risk.rules
from risk.rules import RULES, Rule


def rules_of_the_code():
    """Every class of a rule that can be asked, by module and name."""
    modules = [
        import_module(f"risk.rules.{found.name}")
        for found in iter_modules(risk.rules.__path__)
    ]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Rule)
        and each.__module__ == module.__name__
        and not isabstract(each)
        and not each.__name__.startswith("_")
    ]


def test_no_rule_is_forgotten():
    assert {type(rule) for rule in RULES.values()} == set(rules_of_the_code())


def test_no_rule_hides_another_one():
    codes = [rule.code for rule in rules_of_the_code()]

    # Of two with one code only the last one would be asked.
    assert len(set(codes)) == len(codes) == len(RULES)
    assert all(re.fullmatch("[A-Z]+(_[A-Z]+)*", code) for code in codes)


def test_no_rule_has_a_parameter_that_it_cannot_bound():
    for rule in RULES.values():
        assert set(rule.highest) <= set(rule.parameters)
        assert all(
            value <= rule.highest.get(name, value)
            for name, value in rule.parameters.items()
        )
