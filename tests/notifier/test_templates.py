"""Templates: what is wrong with one, with its line and what was meant; and that none can run long, grow without bound or reach out."""

from __future__ import annotations

import json

import pytest

from notifier.templates import OUTPUT, ROUNDS, SOURCE, check, render
from notifier.words_samples import SAMPLES
from notifier.words_variables import VARIABLES
from tests.notifier.told import OPENED

CALLS = "nothing is called here; filters do the same, as in `cause.name | upper`"
FIRST = "(tried with the example `opened`)"
LOOPS = "{% for a in failing %}" * 4 + "x" + "{% endfor %}" * 4


@pytest.mark.parametrize(
    ("part", "source", "problem"),
    [
        ("text", "a\nb\n{{ incdent }}", "text: line 3: `incdent` is not known here; did you mean `incident`?"),
        ("text", "{{ qqqqqq }}", "text: line 1: `qqqqqq` is not known here"),
        ("subject", "{{ cause.nme }}", "subject: line 1: `cause.nme` is not known here; did you mean `cause.name`?"),
        ("subject", "\n{{ links.runbok }}", "subject: line 2: `links.runbok` is not known here; did you mean `links.runbook`?"),
        ("sms", "x", "sms: `sms` is not known here; a notice has subject, text, html, short"),
        ("subjct", "x", "subjct: `subjct` is not known here; did you mean `subject`?; a notice has subject, text, html, short"),
        ("text", "{{ site", "text: line 1: unexpected end of template, expected 'end of print statement'"),
        ("text", "{{ site | shout }}", "text: line 1: No filter named 'shout'"),
        ("text", "\n{{ range(3) }}", f"text: line 2: {CALLS}"),
        ("text", "{{ site.upper() }}", f"text: line 1: {CALLS}"),
        ("text", "{% macro a() %}{% endmacro %}", "text: line 1: nothing is defined here"),
        ("text", "{% set a = 1 %}", "text: line 1: nothing is defined here"),
        ("text", "{% include 'x' %}", "text: line 1: no other file is included here"),
        ("text", "{% extends 'x' %}", "text: line 1: no other file is included here"),
        ("text", "{{ 'a' * 1000000000 }}", "text: line 1: `*` is not offered"),
        ("text", "{{ 9 ** 9 ** 9 }}", "text: line 1: `**` is not offered"),
        ("text", "{{ '%999999999d' % 1 }}", "text: line 1: `%` is not offered"),
        (
            "html",
            "{% autoescape false %}{{ site }}{% endautoescape %}",
            "html: line 1: escaping is not changed here: `html` is escaped, the others need it not",
        ),
        ("text", "{{ ''.__class__ }}", f"text: line 1: access to attribute '__class__' of 'str' object is unsafe {FIRST}"),
        ("text", "\n{{ number.missing }}", f"text: line 2: 'int object' has no attribute 'missing' {FIRST}"),
        ("text", "{{ number / 0 }}", f"text: line 1: ZeroDivisionError: division by zero {FIRST}"),
        ("text", f"{{# {'x' * SOURCE} #}}", "text: line 1: it is longer than 20,000 characters"),
        ("text", "a" + LOOPS, f"text: line 1: its loops go round more than {ROUNDS:,} times {FIRST}"),
        ("short", " {# nothing #} ", f"short: it makes nothing {FIRST}"),
        ("subject", "{{ ended }}", f"subject: it makes nothing {FIRST}"),
        (
            "subject",
            "{{ site }}{% if ended %}\n{{ number + site }}{% endif %}",
            "subject: line 2: TypeError: unsupported operand type(s) for +: 'int' and 'str' (tried with the example `closed`)",
        ),
        ("text", "{{ text | replace('', text) }}", f"text: line 1: `replace` makes more than 100,000 characters {FIRST}"),
        (
            "text",
            "a{% for a in failing %}{% for b in failing %}{{ text }}{% endfor %}{% endfor %}",
            f"text: it makes more than 100,000 characters {FIRST}",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(part: str, source: str, problem: str) -> None:
    assert check({part: source}) == [problem]


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert check({"text": "{{ sitee }}\n{{ muteed }}", "short": "{% if %}"}) == [
        "text: line 1: `sitee` is not known here; did you mean `site`?",
        "text: line 2: `muteed` is not known here; did you mean `muted`?",
        "short: line 1: Expected an expression, got 'end of statement block'",
    ]


def test_names_that_a_template_gives_are_its_own() -> None:
    assert check({"text": "x{% for domain in domains %}{{ domain }}{{ loop.index }}{% endfor %}"}) == []


def test_every_variable_can_be_told() -> None:
    assert check({"text": "x".join(f"{{{{ {name} }}}}" for name in VARIABLES)}) == []
    made, problems = render({"html": "{{ facts | tojson }} {{ domains | first | truncate(6) }} {{ site | replace('b', '<') }}"}, OPENED)
    assert problems == []
    assert made["html"].endswith("} abc... &lt;erlin")
    assert json.loads(made["html"].partition(" abc.")[0])["incident"] == "i1a2b3c4d"


def test_entries_are_joined_and_escaped() -> None:
    made, problems = render({"html": "{{ ['<', '>'] | join('&') }}", "text": "{{ servers | join(', ') }}"}, OPENED)
    assert (made, problems) == ({"html": "&lt;&amp;&gt;", "text": "imap"}, [])


def test_what_comes_out_is_clean_and_bounded() -> None:
    templates = {
        "subject": "{{ first }}\nBcc: x@y\n" + "s" * 300,
        "short": "ü`\n" + "s" * 300,
        "text": "a\x1b[2J\n  b\n",
        "html": "<b>{{ '<i>' }}</b>",
    }
    made, problems = render(templates, OPENED)
    assert problems == []
    assert (len(made["subject"]), len(made["short"])) == (120, 160)
    assert "\n" not in made["subject"]
    assert made["short"].startswith("u' sss")
    assert (made["text"], made["html"]) == ("a [2J\n  b", "<b>&lt;i&gt;</b>")


@pytest.mark.parametrize("name", SAMPLES)
def test_what_fails_makes_nothing_and_the_rest_is_made(name: str) -> None:
    made, problems = render({"subject": "{{ number / 0 }}", "short": "{{ incident }}"}, SAMPLES[name])
    assert made == {"short": "i1a2b3c4d"}
    assert problems == ["subject: line 1: ZeroDivisionError: division by zero"]


def test_deep_nesting_is_a_problem_and_no_crash() -> None:
    (problem,) = check({"text": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"})
    assert problem.startswith("text: RecursionError: ")


def test_the_bound_of_the_output_is_far_above_our_own_words() -> None:
    made, problems = render({"text": "{{ text }}"}, OPENED)
    assert problems == []
    assert len(made["text"]) < OUTPUT / 10
