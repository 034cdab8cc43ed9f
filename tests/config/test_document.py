"""The documentation is made from the types: both files are what the types say now, and the example loads."""

import json
from pathlib import Path

import pytest

from config import document
from config.load import load
from config.plan import plan
from config.settings import LATER, Settings

SECRETS = {"LDAP_PASSWORD": "battery", "PROBE_PASSWORD": "correct horse", "PAGER_URL": "json://other.example", "HOOK_KEY": "staple"}
WRITE = "run `python -m config.document`"


def test_the_page_is_what_the_types_say() -> None:
    assert document.PAGE.read_text("utf-8") == document.page(), WRITE


def test_the_schema_is_what_the_types_say() -> None:
    assert document.SCHEMA.read_text("utf-8") == document.schema_text(), WRITE


def test_both_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(document, "SCHEMA", tmp_path / "schema.json")
    document.main()
    assert (tmp_path / "page.md").read_text("utf-8") == document.page()
    assert json.loads((tmp_path / "schema.json").read_text("utf-8"))["properties"].keys() == {*Settings.model_fields, *LATER}


def test_every_setting_is_explained() -> None:
    made = document.schema()
    sections = [made, *made["$defs"].values()]
    assert [key for one in sections for key, part in one["properties"].items() if not part.get("description", "").endswith(".")] == []


def test_every_link_of_the_page_leads_somewhere() -> None:
    text = document.page()
    headings = {
        "".join(char for char in line[3:].lower().replace(" ", "-") if char.isalnum() or char in "_-")
        for line in text.splitlines()
        if line.startswith("## ")
    }
    links = {part.split(")")[0] for part in text.split("](#")[1:]}
    assert links
    assert links <= headings


def test_the_example_loads(tmp_path: Path) -> None:
    example = document.EXAMPLE.read_text("utf-8").replace("[pass, show, echo]", "[echo, secret]")
    (tmp_path / "mailsonde.yml").write_text(example, "utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "abc").write_text("horse")
    (tmp_path / "secrets" / "abc").chmod(0o600)
    settings = load(tmp_path / "mailsonde.yml", SECRETS)
    checks, journeys = plan(settings)
    assert settings.warnings == ()
    assert (len(checks), len(journeys), len(settings.limits)) == (6, 2, 5)
