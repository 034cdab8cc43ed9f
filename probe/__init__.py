"""What is measured: the conversations of mail (SMTP, submission, LMTP, IMAP, POP3, LDAP, DNS) and the round trip of a test message.

This package hands on values only; what does I/O is imported from its module (`from probe.wire import Wire`).
"""

from probe.values import (
    Check,
    Directory,
    Endpoint,
    Fault,
    FaultKind,
    Journey,
    Line,
    Mailbox,
    Outcome,
    Question,
    Reading,
    Relay,
    Result,
    Secret,
    Security,
    Step,
    Trip,
)

__all__ = [
    "Check",
    "Directory",
    "Endpoint",
    "Fault",
    "FaultKind",
    "Journey",
    "Line",
    "Mailbox",
    "Outcome",
    "Question",
    "Reading",
    "Relay",
    "Result",
    "Secret",
    "Security",
    "Step",
    "Trip",
]
