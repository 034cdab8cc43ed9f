"""What a server cannot work without: the whole way down, nearest first, and each way round told once."""

from collections.abc import Callable

import pytest

from config.needs import circles, graph, needs_of
from config.settings import Settings

Reader = Callable[[str], Settings]


def servers_of(read: Reader, needs: dict[str, list[str]]) -> Settings:
    lines = [f"  {name}: {{kind: dns, host: a.example, depends_on: [{', '.join(others)}]}}" for name, others in needs.items()]
    return read("servers:\n" + "\n".join(lines) + "\n")


def test_needs_go_all_the_way_down_the_nearest_first(settings_of: Reader) -> None:
    settings = servers_of(settings_of, {"imap": ["directory", "disk"], "directory": ["dns"], "disk": ["dns"], "dns": []})
    assert needs_of(settings.servers) == {"imap": ("directory", "disk", "dns"), "directory": ("dns",), "disk": ("dns",), "dns": ()}


def test_a_server_that_is_wrong_in_itself_needs_nothing() -> None:
    assert graph({"imap": None}) == {"imap": ()}


@pytest.mark.parametrize(
    ("direct", "ways"),
    [
        ({"a": ("b",), "b": ("c",), "c": ()}, []),
        ({"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}, []),
        ({"a": ("b",), "b": ("a",)}, [("a", "b", "a")]),
        ({"x": ("a",), "a": ("b",), "b": ("c", "a"), "c": ("a",)}, [("a", "b", "a"), ("c", "a", "b", "c")]),
        ({"a": ("b",), "b": ("a",), "c": ("d",), "d": ("e",), "e": ("c",)}, [("a", "b", "a"), ("c", "d", "e", "c")]),
        ({"a": ("a",)}, []),  # said elsewhere: it depends on itself
    ],
)
def test_each_way_round_is_told_once(direct: dict[str, tuple[str, ...]], ways: list[tuple[str, ...]]) -> None:
    assert list(circles(direct)) == ways
