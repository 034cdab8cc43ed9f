"""The section `tracking`: what it reads, where its paths begin, what it refuses besides what stands in bad/."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigErrors
from config.settings import Settings

Reader = Callable[[str], Settings]

DNS = "servers: {dns: {kind: dns, host: 192.0.2.1, query: {name: a.example, type: MX}}}\ndomains: [{name: a.example, servers: [dns]}]\n"


def test_without_the_section_nothing_is_followed(settings_of: Reader) -> None:
    assert settings_of(DNS).tracking is None


def test_paths_begin_at_the_folder_of_the_file(settings_of: Reader, tmp_path: Path) -> None:
    tracking = settings_of(
        f"{DNS}tracking: {{lake: my/lake, sources: [{{name: mx, paths: ['logs/*.log', /var/log/mail.log]}}]}}\n"
    ).tracking
    assert tracking is not None
    assert tracking.lake == tmp_path / "my/lake"
    assert tracking.sources[0].paths == (str(tmp_path / "logs/*.log"), "/var/log/mail.log")


def test_what_is_not_given_has_its_default(settings_of: Reader) -> None:
    tracking = settings_of(f"{DNS}tracking: {{sources: [{{name: mx, paths: a.log}}]}}\n").tracking
    assert tracking is not None
    assert (tracking.sources[0].format, tracking.sources[0].every_seconds, tracking.sources[0].cron) == ("auto", None, None)
    assert (tracking.memory_bytes, tracking.keep.days["lines"], tracking.privacy.key.reveal()) == (1 << 30, 30.0, "")


def test_memory_and_cron_are_read(settings_of: Reader) -> None:
    text = f"{DNS}tracking: {{memory: 512MiB, sources: [{{name: mx, paths: [a.log], cron: '0 2 * * mon-fri', format: postfix}}]}}\n"
    tracking = settings_of(text).tracking
    assert tracking is not None
    assert (tracking.memory_bytes, tracking.sources[0].cron) == (512 << 20, "0 2 * * mon-fri")


def test_a_format_that_is_none_is_told_with_those_there_are(settings_of: Reader) -> None:
    with pytest.raises(
        ConfigErrors, match=r"tracking\.sources\[0\]\.format: there is no format 'postfox': there are .*exchange, .*postfix, "
    ):
        settings_of(f"{DNS}tracking: {{sources: [{{name: mx, paths: [a.log], format: postfox}}]}}\n")


def test_pseudonyms_of_a_good_key_may_cover_subjects(settings_of: Reader) -> None:
    Path("key").write_text("0123456789abcdef\n")
    tracking = settings_of(f"{DNS}tracking: {{privacy: {{pseudonyms: {{file: key}}, subjects: pseudonym}}}}\n").tracking
    assert tracking is not None
    assert (tracking.privacy.key.reveal(), tracking.privacy.subjects) == ("0123456789abcdef", "pseudonym")


def test_the_expression_of_a_log_of_ones_own_is_read(settings_of: Reader) -> None:
    options = "options: |\n          ^(?P<time>[^ ]+) (?P<server>[^ ]+) (?P<said>.*)$\n          event: send\n"
    text = f"{DNS}tracking:\n  sources:\n    - name: own\n      paths: a.log\n      format: generic\n"
    tracking = settings_of(f"{text}      {options}").tracking
    assert tracking is not None
    assert tracking.sources[0].options.splitlines()[1] == "event: send"
    with pytest.raises(ConfigErrors, match=r"tracking\.sources\[0\]: the format generic needs a regular expression"):
        settings_of(text)
