"""The section of who is told, in a first configuration: commented out, and right as it stands once the # is taken away."""

import re
from datetime import date
from pathlib import Path

from config.load import load
from config.notify_plan import notify_plan
from service.commands.first_config import Draft, first_config
from service.commands.survey import Survey


def test_the_commented_section_is_right_once_it_is_taken_in(tmp_path: Path) -> None:
    text = first_config(Draft("probe@abc.example", Survey("abc.example", (), ()), date(2026, 11, 21)))
    _, mark, section = text.partition("# notify:\n")
    assert mark
    file = tmp_path / "mailsonde.yml"
    file.write_text(re.sub(r"^# ", "", mark + section, flags=re.MULTILINE), "utf-8")
    plan = notify_plan(load(file, {"MAILSONDE_PAGER": "json://pager.example"}))
    assert [channel.name for channel in plan.channels] == ["screen", "pager", "mail"]
    assert [route.to for route in plan.routes] == [(("pager", "mail"),), (("mail",),)]
