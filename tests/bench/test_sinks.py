"""The sinks of the measurements say all that our conversations need: a fault would be measured as if it were speed."""

from bench import sinks
from bench.schedule import SERVERS, memory_mib, work_of
from probe.wire import Wire


async def test_each_kind_of_sink_takes_a_whole_conversation() -> None:
    with sinks.running() as (ports, pid):
        assert pid > 0
        wire = Wire()
        results = [await wire.run(check) for check in work_of(ports, 2).checks]
        await wire.close()
    assert [(result.check.kind, result.fault) for result in results] == [(kind, None) for kind in SERVERS] * 2
    steps = {result.check.kind: [step.name for step in result.steps] for result in results}
    assert steps["submission"][-4:] == ["auth", "mail", "rcpt", "quit"]
    assert "login" in steps["imap"]
    assert dict(results[5].readings)["answers"] == "10 mx.example."


def test_memory_is_told_in_mebibytes() -> None:
    assert 5 < memory_mib() < 2_000
