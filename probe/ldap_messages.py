"""The messages of LDAP (RFC 4511) that `probe/ldap.py` sends and reads, with ldap3 as the codec. Refuses what is no reply to a client.

A module of its own, so that a probe of another kind does not pay for the import of ldap3. Messages are read against RFC 4511's ASN.1 and
not with ldap3's quick decoder: that one takes minutes for an integer of a megabyte, and fails at a referral in a bind's reply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ldap3 import ANONYMOUS, SIMPLE
from ldap3.core.exceptions import LDAPExceptionError
from ldap3.core.results import RESULT_CODES
from ldap3.operation.bind import bind_operation
from ldap3.operation.compare import compare_operation
from ldap3.operation.extended import extended_operation
from ldap3.operation.search import FilterNode, build_attribute_selection, compile_filter, parse_filter
from ldap3.protocol.convert import build_controls_list
from ldap3.protocol.rfc2696 import RealSearchControlValue, paged_search_control
from ldap3.protocol.rfc4511 import (
    LDAPDN,
    DerefAliases,
    Integer0ToMax,
    LDAPMessage,
    MessageID,
    ProtocolOp,
    Scope,
    SearchRequest,
    TypesOnly,
)
from ldap3.utils.asn1 import encode  # type: ignore[attr-defined] # its stubs know it under pyasn1's name only
from pyasn1.codec.ber.decoder import decode
from pyasn1.error import PyAsn1Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.values import Directory

STARTTLS_OID = "1.3.6.1.4.1.1466.20037"
PAGED_OID = "1.2.840.113556.1.4.319"
PAGE_ENTRIES = 500  # some 100 kB for a domain's few attributes, a tenth of the limit of one reply; slapd sorts all anew for each page
SIZE_LIMIT = 10  # entries: one is expected, a few prove that the filter is not exact, and more would only cost the server

MOST_CODE = (1 << 31) - 1  # RFC 4511 section 1's maxInt; Python refuses to write a number of thousands of digits

_SPEC = LDAPMessage()
_REPLIES = frozenset(
    {"bindResponse", "searchResEntry", "searchResRef", "searchResDone", "compareResponse", "extendedResp", "intermediateResponse"}
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of the server."""

    number: int  # the request it answers; 0 = unsolicited
    what: str  # RFC 4511's name of the operation: "searchResDone", ...
    code: int = 0  # resultCode, where there is one
    said: bytes = b""  # diagnosticMessage
    name: str = ""  # DN of an entry or of the last one matched; OID of an extended response
    referrals: tuple[str, ...] = ()  # URIs
    attributes: tuple[tuple[str, tuple[bytes, ...]], ...] = ()  # of an entry
    cookie: bytes = b""  # where the next page begins (RFC 2696); b"" = this was the last

    @property
    def words(self) -> str:
        """Return the result as its name, number and diagnostic message."""
        head = f"{RESULT_CODES.get(self.code, 'unknown result')} ({self.code})"
        return ": ".join(part for part in (head, self.said.decode("utf-8", "backslashreplace"), " ".join(self.referrals)) if part)

    def values(self, attribute: str) -> tuple[bytes, ...]:
        """Return an attribute's values; options (`;lang-de`) and case of its name do not count."""
        return tuple(value for name, values in self.attributes if name.partition(";")[0].lower() == attribute.lower() for value in values)


def starttls(number: int) -> bytes:
    """Return the request for StartTLS (RFC 4511, section 4.14)."""
    return _message(number, "extendedReq", extended_operation(STARTTLS_OID))


def bind(number: int, directory: Directory | None) -> bytes:
    """Return a simple bind, anonymous where no DN is given.

    Raises: ValueError in words, where DN and password cannot be sent. A DN without a password never is: a server takes that for an
    anonymous bind and says yes (RFC 4513, section 5.1.2).
    """
    if directory is None or not directory.bind_dn:
        return _message(number, "bindRequest", bind_operation(3, ANONYMOUS))
    password = directory.password.reveal() if directory.password else ""
    if not password:
        raise ValueError(f"no password is configured for {directory.bind_dn}")
    try:
        return _message(number, "bindRequest", bind_operation(3, SIMPLE, directory.bind_dn, password))
    except LDAPExceptionError:
        raise ValueError(f"the password of {directory.bind_dn} holds characters that SASLprep (RFC 4013) forbids") from None


def search(number: int, directory: Directory) -> bytes:
    """Return the search for the domain's entry, for one attribute. Raises: ValueError in words, where the filter is none."""
    return _message(number, "searchRequest", _search(directory, [directory.attribute], SIZE_LIMIT))


def page(number: int, directory: Directory, attributes: Sequence[str], cookie: bytes) -> bytes:
    """Return the search for the next page of entries (RFC 2696). Raises: ValueError in words, where the filter is none."""
    return _message(number, "searchRequest", _search(directory, attributes, 0), paged_search_control(size=PAGE_ENTRIES, cookie=cookie))


def _search(directory: Directory, attributes: Sequence[str], limit: int) -> Any:
    """Return the request, field by field: ldap3's own function would leave a ring of garbage for each search."""
    request = SearchRequest()
    request["baseObject"] = LDAPDN(directory.base)
    request["scope"] = Scope("wholeSubtree")
    request["derefAliases"] = DerefAliases("neverDerefAliases")
    request["sizeLimit"], request["timeLimit"] = Integer0ToMax(limit), Integer0ToMax(0)
    request["typesOnly"] = TypesOnly(False)  # noqa: FBT003 - as ASN.1 has it
    request["filter"] = _filter(directory.filter)
    request["attributes"] = build_attribute_selection(list(attributes), None)  # type: ignore[no-untyped-call] # as below
    return request


def _filter(text: str) -> Any:
    try:
        root = parse_filter(text, None, False, False, None, False)  # type: ignore[no-untyped-call] # noqa: FBT003 - ldap3 has no types, and its order
        compiled = compile_filter(root.elements[0])  # type: ignore[no-untyped-call] # as above
    except LDAPExceptionError as error:
        raise ValueError(f"the filter {text} is not one (RFC 4515): {error}") from None
    _cut(root)
    return compiled


def _cut(node: FilterNode) -> None:
    """Let a filter's nodes forget each other: parents and children are rings."""
    for child in node.elements:
        _cut(child)
    node.elements.clear()


def compare(number: int, dn: str, directory: Directory) -> bytes:
    """Return the request to compare the entry's attribute with the value expected."""
    return _message(number, "compareRequest", compare_operation(dn, directory.attribute, directory.expected, False))  # noqa: FBT003 - as above


def read(message: bytes) -> Reply:
    """Return one whole message. Raises: ValueError in words, where it is none that a server may send."""
    try:
        decoded, _ = decode(message, asn1Spec=_SPEC)
        what = decoded["protocolOp"].getName()
        if what not in _REPLIES:
            raise ValueError(f"a server does not send {what}")
        reply = _READERS.get(what, _read_result)(int(decoded["messageID"]), what, decoded["protocolOp"].getComponent())
        return replace(reply, cookie=_cookie(decoded["controls"])) if decoded["controls"].hasValue() else reply
    except (PyAsn1Error, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def describe(message: bytes) -> str:
    """Return a reply in words, for a transcript: what it is, its result code and whose entry it is."""
    try:
        reply = read(message)
    except ValueError as error:
        return f"{len(message)} bytes that are no message of LDAP: {error}"
    told = reply.name if reply.what in {"searchResEntry", "searchResRef", "intermediateResponse"} else reply.words
    return " ".join(part for part in (reply.what, told, *reply.referrals) if part)


def _message(number: int, name: str, request: Any, control: Any = None) -> bytes:
    message = LDAPMessage()
    message["messageID"] = MessageID(number)
    message["protocolOp"] = ProtocolOp().setComponentByName(name, request)
    if control is not None:
        message["controls"] = build_controls_list([control])
    return bytes(encode(message))


def _read_entry(number: int, what: str, op: Any) -> Reply:
    attributes = tuple((_text(item["type"]), tuple(bytes(value) for value in item["vals"])) for item in op["attributes"])
    return Reply(number, what, name=_text(op["object"]), attributes=attributes)


def _read_reference(number: int, what: str, op: Any) -> Reply:
    return Reply(number, what, referrals=tuple(_text(uri) for uri in op))


def _read_intermediate(number: int, what: str, _op: Any) -> Reply:
    return Reply(number, what)


def _read_result(number: int, what: str, op: Any) -> Reply:
    """Read what begins with RFC 4511's LDAPResult."""
    referral = op["referral"]
    name = op["responseName"] if what == "extendedResp" and op["responseName"].hasValue() else op["matchedDN"]
    uris = tuple(_text(uri) for uri in referral) if referral.hasValue() else ()
    code = int(op["resultCode"])
    if not 0 <= code <= MOST_CODE:
        raise ValueError("no result code")
    return Reply(number, what, code, bytes(op["diagnosticMessage"]), _text(name), uris)


def _cookie(controls: Any) -> bytes:
    """Return where the next page begins, out of the control of RFC 2696."""
    for control in controls:
        if bytes(control["controlType"]) == PAGED_OID.encode():
            value, _ = decode(bytes(control["controlValue"]), asn1Spec=RealSearchControlValue())
            return bytes(value["cookie"])
    return b""


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "backslashreplace")


_READERS = {"searchResEntry": _read_entry, "searchResRef": _read_reference, "intermediateResponse": _read_intermediate}
