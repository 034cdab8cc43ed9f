"""The far ends of a drill read what the channels really send."""

from __future__ import annotations

from notifier.channels.mail import MailSettings, composed
from notifier.words_document import example
from notifier.words_samples import SAMPLES
from service.drill.ends import letter_of


def test_a_folded_subject_is_one_line() -> None:
    notice = example(SAMPLES["a drill"])
    sent = composed(notice, MailSettings("127.0.0.1", "probe@abc.example", ("oncall@abc.example",))).as_bytes()
    assert b"\r\n " in sent.partition(b"Subject:")[2].partition(b"Date:")[0]  # it is folded, or this test says nothing
    assert letter_of(sent) == (notice.subject, {"incident": notice.incident, "kind": "opened", "number": "1"})
