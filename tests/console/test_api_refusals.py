"""How the control API refuses: each wrong question by its words; and what its OpenAPI document promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from console import api_answers, api_shapes
from tests.console.api_site import TOKEN, said

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tests.console.api_site import ApiSite


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/nothing", 404, "there is nothing at /api/v1/nothing; see /api/v1/openapi.json"),
        ("/check?name=x", 404, "there is no check 'x'"),
        ("/check", 400, "name: Field required"),
        ("/runs/999999", 404, "there is no run 999999: it may have gone by its age"),
        ("/runs/0", 400, "run: Input should be greater than or equal to 1"),
        ("/runs/99999999999999999999", 400, "run: Input should be less than or equal to 9223372036854775807"),
        ("/runs?cursor=x", 400, "'x' is not a cursor: begin without one, then use the one that came with the page before"),
        ("/checks?cursor=x", 400, "cursor: 'x' is none: begin without one, then use the one that came with the page before"),
        ("/checks?limit=0", 400, "limit: Input should be greater than or equal to 1"),
        ("/checks?limit=501", 400, "limit: Input should be less than or equal to 500"),
        ("/checks?level=BAD", 400, "level: Input should be 'OK', 'UNKNOWN', 'WARNING' or 'CRITICAL'"),
        ("/checks?doman=x", 400, "doman: Extra inputs are not permitted"),
        ("/runs?since=2026-11-21T08:00:00", 400, "since: Input should have timezone info"),
        ("/limits?aspect=colour", 400, None),
        ("/status", 405, "Method Not Allowed"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(api_site: ApiSite, path: str, status: int, detail: str | None) -> None:
    answer = await api_site.raw(path, "POST" if status == 405 else "GET")
    told = said(answer)
    assert told == (status, detail if detail is not None else told[1])
    assert "\n" not in told[1]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is empty: a JSON object is wanted, {} at least"),
        (b"{", "the body is no JSON: expecting property name enclosed in double quotes at its character 2"),
        (b"{bad", "the body is no JSON: expecting property name enclosed in double quotes at its character 2"),
        (b"[]", None),
        (b'{"check": 5}', "check: Input should be a valid string"),
        (b'{"check": "x", "timeout_seconds": -1}', "timeout_seconds: Input should be greater than 0"),
        (b"\xff\xfe", None),
    ],
)
async def test_a_body_that_is_wrong(api_site: ApiSite, body: bytes, detail: str | None) -> None:
    told = said(await api_site.raw("/probe", "POST", body, {"content_type": "application/json"}))
    assert told == (400, detail if detail is not None else told[1])


async def test_a_body_that_is_too_large(api_site: ApiSite) -> None:
    answer = await api_site.raw("/probe", "POST", b"{" + b" " * 70_000, {"content_type": "application/json"})
    assert said(answer) == (413, "the body is larger than 65536 bytes")


async def test_without_the_token_nobody_is_let_in_over_tcp(api_site: ApiSite) -> None:
    for path in ("/status", "/openapi.json", "/nothing"):
        answer = await api_site.raw(path, headers={"authorization": "Bearer wrong"})
        assert said(answer) == (401, "a token is wanted: Authorization: Bearer TOKEN, and this one is not it")
        assert TOKEN.reveal() not in answer.text


async def test_a_web_page_steers_nothing(api_site: ApiSite) -> None:
    answer = await api_site.raw("/reload", "POST", headers={"origin": "https://evil.example"})
    assert said(answer) == (403, "a web page of another site may not steer this service")
    assert api_site.desk.reloads == 0


async def test_a_store_that_cannot_is_a_503(api_site: ApiSite) -> None:
    await api_site.desk.store.close()
    assert said(await api_site.raw("/runs")) == (503, "the store is closed")


async def test_openapi_names_every_route_and_every_shape(api_site: ApiSite) -> None:
    document = json.loads((await api_site.raw("/openapi.json")).text)
    assert document["info"] == {"title": "Mailsonde", "summary": "The control API of a prober", "version": "9.8.7"}
    paths = {path.removeprefix("/api/v1") for path in document["paths"]}
    now, past = (
        {"/status", "/checks", "/check", "/journeys", "/limits", "/limits/explained"},
        {"/runs", "/runs/{run}", "/conversation", "/trips"},
    )
    alarms = {"/incidents", "/incidents/{incident}", "/incidents/{incident}/acknowledge", "/incidents/{incident}/close"}
    alarms |= {"/silences", "/silences/{silence}/expire", "/maintenance", "/maintenance/{window}/cancel"}
    alarms |= {"/notify/channels", "/notify/route", "/notify/test"}
    tracking = {"/tracking", "/tracking/imports", "/tracking/imports/{asked}"}
    assert paths == now | past | alarms | {"/probe", "/reload", "/backup", *tracking}
    described = [one for path in document["paths"].values() for one in path.values() if one["responses"]["200"]["content"]]
    assert all(one["description"].endswith(".") for one in described)
    for name in ("CheckPage", "RunPage", "TripPage", "JourneyPage", "InForcePage", "StatusShape", "ConversationShape"):
        assert name in document["components"]["schemas"]


SHAPES: dict[str, type[BaseModel]] = {
    "/checks": api_shapes.CheckPage,
    "/journeys": api_shapes.JourneyPage,
    "/limits": api_shapes.InForcePage,
    "/runs": api_shapes.RunPage,
    "/trips": api_shapes.TripPage,
}


@pytest.mark.parametrize("path", SHAPES)
async def test_what_is_streamed_is_what_openapi_promises(api_site: ApiSite, path: str) -> None:
    document = json.loads((await api_site.raw("/openapi.json")).text)
    schema = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": f"#/components/schemas/{SHAPES[path].__name__}"}
    found = await api_site.get(path)
    assert json.loads(SHAPES[path].model_validate(found).model_dump_json()) == found
    assert found["items"]


def test_a_page_of_nothing_is_whole_json() -> None:
    assert json.loads("".join(api_answers._texts(iter([None, None]), lambda: "1.2"))) == {"items": [], "cursor": "1.2"}
