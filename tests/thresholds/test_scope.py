"""Who may see which domain: nobody anything, unless it is said."""

from thresholds.scope import EVERYTHING, NOTHING, Scope


def test_a_scope_allows_what_it_names_and_no_more() -> None:
    scope = Scope(frozenset({"abc.example"}))
    assert [scope.allows(name) for name in ("abc.example", "ABC.example", "def.example", "sub.abc.example")] == [True, True, False, False]


def test_the_default_allows_nothing() -> None:
    assert [one.allows("abc.example") for one in (Scope(), NOTHING, EVERYTHING)] == [False, False, True]
