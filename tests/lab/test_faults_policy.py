"""The greylisting server as Postfix speaks to it, and its judgement by a clock of the test's own."""

from __future__ import annotations

import asyncio

from lab import faults_policy
from lab.faults_policy import Greylist, answer, parse

ASKED = b"request=smtpd_access_policy\nclient_address=127.0.0.1\nsender=a@alpha.test\nrecipient=%s\nstrange\nhelo_name=x=y\n\n"


def test_a_triplet_is_let_in_when_its_time_has_come() -> None:
    now = [100.0]
    greylist = Greylist(5, lambda: now[0])
    one, other = parse(ASKED % b"b@alpha.test"), parse(ASKED % b"c@alpha.test")
    assert one["helo_name"] == "x=y"
    assert greylist.action(one) == "451 4.7.1 Greylisted, please come back in 5 s"
    now[0] += 4
    assert greylist.action(one) == "451 4.7.1 Greylisted, please come back in 1 s"
    assert greylist.action(other) == "451 4.7.1 Greylisted, please come back in 5 s"
    now[0] += 1
    assert greylist.action(one) == "DUNNO"


def test_it_forgets_the_oldest_of_too_many() -> None:
    greylist = Greylist(5, lambda: 0.0)
    for number in range(faults_policy.TRIPLETS + 10):
        greylist.action({"sender": str(number)})
    assert len(greylist._first) == faults_policy.TRIPLETS
    assert ("", "9", "") not in greylist._first


async def test_it_answers_each_request_of_a_connection_and_hangs_up_on_what_is_none() -> None:
    greylist = Greylist(5, lambda: 0.0)
    server = await asyncio.start_server(lambda reader, writer: answer(greylist, reader, writer), "127.0.0.1", 0, limit=1000)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for byte in ASKED % b"b@alpha.test":
        writer.write(bytes([byte]))
    writer.write(ASKED % b"c@alpha.test")
    come_back = b"action=451 4.7.1 Greylisted, please come back in 5 s\n\n"
    assert await reader.readexactly(2 * len(come_back)) == 2 * come_back
    writer.write(b"x" * 2000)
    assert await reader.read() == b""
    writer.close()
    server.close()
    await server.wait_closed()
