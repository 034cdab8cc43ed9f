"""What the fault proxy changes inside LDAP (RFC 4511): StartTLS refused (strip), every operation answered "busy". Pure, no I/O.

Reads only as much BER as it needs: the message's length, its id, the operation's tag. What is not an LDAPMessage passes untouched.
"""

from __future__ import annotations

START_TLS = b"1.3.6.1.4.1.1466.20037"  # RFC 4511 section 4.14
BUSY, PROTOCOL_ERROR = 51, 2  # resultCode
# tag of the request -> tag of the response that ends it; Unbind (0x42) and Abandon (0x50) have none
RESPONSES = {0x60: 0x61, 0x63: 0x65, 0x66: 0x67, 0x68: 0x69, 0x4A: 0x6B, 0x6C: 0x6D, 0x6E: 0x6F, 0x77: 0x78}
MESSAGE_BYTES = 1_048_576  # longer than any request of a probe; beyond it bytes pass unread


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """Return (length of the contents, where they begin), or None when more bytes are needed."""
    if at >= len(data):
        return None
    first = data[at]
    size = first & 0x7F if first & 0x80 else 0
    if at + 1 + size > len(data):
        return None
    return (int.from_bytes(data[at + 1 : at + 1 + size]) if size else first), at + 1 + size


def _message_end(data: bytes) -> int | None:
    """Return where the first whole LDAPMessage ends, or None for "more"; the whole of `data` when it is none."""
    if data[:1] != b"\x30":
        return len(data)
    found = _length(data, 1)
    if found is None:
        return None
    end = sum(found)
    if end > MESSAGE_BYTES:
        return len(data)
    return end if end <= len(data) else None


def _operation(message: bytes) -> tuple[bytes, int] | None:
    """Return (the message id as BER, the operation's tag) of a whole message, or None when it is no LDAPMessage."""
    found = _length(message, 1)
    if message[:1] != b"\x30" or found is None or message[found[1] : found[1] + 1] != b"\x02":
        return None
    number = _length(message, found[1] + 1)
    if number is None or sum(number) >= len(message):
        return None
    return message[found[1] : sum(number)], message[sum(number)]


def response(request: bytes, code: int, said: bytes) -> bytes:
    """Return the response that ends `request` with this resultCode; b"" for what has no response."""
    operation = _operation(request)
    if operation is None or operation[1] not in RESPONSES:
        return b""
    result = b"\x0a\x01" + bytes([code]) + b"\x04\x00" + b"\x04" + bytes([len(said)]) + said
    contents = operation[0] + bytes([RESPONSES[operation[1]], len(result)]) + result
    return b"\x30" + bytes([len(contents)]) + contents


class Requests:
    """Answers some requests itself and lets the others pass; `code` is what it answers with."""

    def __init__(self, code: int, said: bytes, *, only: bytes = b"") -> None:
        self._code, self._said, self._only = code, said, only
        self._rest = b""

    def asked(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (requests that pass, responses to those that do not)."""
        self._rest += data
        onward, answer = b"", b""
        while self._rest and (end := _message_end(self._rest)) is not None:
            message, self._rest = self._rest[:end], self._rest[end:]
            reply = response(message, self._code, self._said) if self._only in message else b""
            onward, answer = onward + (b"" if reply else message), answer + reply
        if not data:  # the client has ended: what is no whole message goes on as it is
            onward, self._rest = onward + self._rest, b""
        return onward, answer

    def answered(self, data: bytes) -> bytes:
        """Return what the server said, as it was."""
        return data


def strip() -> Requests:
    """Return the filter of a directory that does not know StartTLS."""
    return Requests(PROTOCOL_ERROR, b"unsupported extended operation", only=START_TLS)


def busy() -> Requests:
    """Return the filter of a directory that is too busy to answer anything (RFC 4511 appendix A.2)."""
    return Requests(BUSY, b"too many requests, try again later")
