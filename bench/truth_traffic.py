"""The network that is generated, and what is sent through it: who routes where, who writes to whom, how often what goes wrong."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from bench.truth_dovecot import Dovecot
from bench.truth_exchange import ALIAS, GROUP, Exchange
from bench.truth_exim import Exim
from bench.truth_net import Client, Net, Outside
from bench.truth_postfix import Filter, Postfix
from bench.truth_sendmail import Sendmail
from bench.truth_values import Copy, Ending, Envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.truth_values import World

RATE = 1.0  # messages a second
DOMAINS = ("corp.example", "old.example", "imap.example", "elsewhere.example")
Route = dict[str, tuple[str, ...]]  # domain -> the nodes that take its mail; "" = all others
ROUTES: dict[str, Route] = {
    "mx1": {**dict.fromkeys(DOMAINS[:3], ("hub1", "hub2")), "": ("outside",)},
    "mx2": {**dict.fromkeys(DOMAINS[:3], ("hub1", "hub2")), "": ("outside",)},
    "hub1": {"corp.example": ("ex1", "ex2"), "old.example": ("old1",), "imap.example": ("imap1",), "": ("out1",)},
    "hub2": {"corp.example": ("ex1", "ex2"), "old.example": ("old1",), "imap.example": ("imap1",), "": ("out1",)},
    "mx3": {**dict.fromkeys(DOMAINS[:3], ("hub1", "hub2")), "": ("outside",)},
    "mx4": {**dict.fromkeys(DOMAINS[:3], ("hub1", "hub2")), "": ("outside",)},
    "imap1": {"imap.example": ("imap1-lmtp",), "": ("out1", "out3")},
    "ex1": {"corp.example": ("ex1", "ex2"), "old.example": ("hub2",), "imap.example": ("hub2",), "": ("out1", "out4")},
    "ex2": {"corp.example": ("ex1", "ex2"), "old.example": ("hub1",), "imap.example": ("hub1",), "": ("out3", "out4")},
    "old1": {"old.example": ("old1",), "": ("out1",)},
    "out3": {**dict.fromkeys(DOMAINS[:3], ("hub2",)), "": ("outside",)},
    "out4": {**dict.fromkeys(DOMAINS[:3], ("hub1",)), "": ("outside",)},
    "out1": {**dict.fromkeys(DOMAINS[:3], ("hub2",)), "": ("outside",)},
}


def routed(kind: type, here: str) -> type:
    """Return the kind of server with the routes of one."""
    table = ROUTES[here]

    def route(_: object, address: str) -> str:
        found = table.get(address.rpartition("@")[2], table[""])
        return found[sum(map(ord, address)) % len(found)]

    return type(kind.__name__, (kind,), {"route": route})


def built(world: World, seed: int) -> Net:
    """Return a network of all servers."""
    net = Net(world, Random(f"{world.name} {seed}"))  # noqa: S311 a seeded world, no secret
    for place, (name, long) in enumerate({"mx1": False, "mx2": False, "hub1": True, "hub2": False, "imap1": True, "out1": False}.items()):
        routed(Postfix, name)(net, name, f"10.1.0.{place + 1}", long=long)
    for place, (name, columns) in enumerate({"ex1": 30, "ex2": 30, "old1": 26}.items()):
        routed(Exchange, name)(net, name, f"10.1.1.{place + 1}", columns)
    for place, (name, kind) in enumerate({"mx3": Exim, "mx4": Sendmail, "out3": Exim, "out4": Sendmail}.items()):
        routed(kind, name)(net, name, f"10.1.2.{place + 1}", long=False)
    host = net.nodes["imap1"]
    hub = net.nodes["hub1"]
    if isinstance(host, Postfix) and isinstance(hub, Postfix):
        Dovecot(host, "imap1-lmtp")
        Filter(hub)
    Outside(net, "outside", "198.51.100.7").shown = "mx.elsewhere.example"
    Client(net, "client", "203.0.113.9").name = "mail.sender.example"
    if world.features.get("names by relay"):
        net.nodes["hub1"].shown = net.nodes["hub2"].shown = "hubs.corp.example"
    return net


def generated(world: World, seed: int, messages: int) -> Net:
    """Return a network through which so many messages went."""
    net = built(world, seed)
    for number in range(messages):
        send(net, number / RATE)
    return net


def send(net: Net, at: float) -> None:
    """Send one message, as one of those who send."""
    sender, how = net.random.choices((_stranger, _mailbox, _user, _door), (6, 2, 1.5, 0.5))[0](net)
    again = 1 + (net.random.choice((1, 1, 2, 7)) if net.happens("resend") else 0)
    addresses = _addresses(net)
    mid = net.random.choice(net.messages).message_id if net.messages and net.happens("stolen message-id") else None
    for _ in range(again):
        message = net.message(mid)
        mid = message.message_id
        how(Envelope(message, sender, tuple(Copy(address) for address in addresses)), at)
        at += net.within(0, 90)


def _addresses(net: Net) -> list[str]:
    """Return one to twelve recipients of one domain or several."""
    count = net.random.choice((1, 1, 1, 1, 2, 3, 5, 12))
    domain = net.random.choice(DOMAINS)
    made = [_address(net, net.random.choice(DOMAINS) if net.happens("many domains") else domain) for _ in range(count)]
    return sorted({address.lower(): address for address in made}.values())  # who is named twice gets it once


def _address(net: Net, domain: str) -> str:
    """Return an address: a person's, an alias, a group, a hostile one."""
    number = net.random.randrange(400)
    if domain == "corp.example" and net.happens("group"):
        return f"{GROUP}{len(net.messages)}.{number}@{domain}"
    if domain == "corp.example" and net.happens("alias"):
        return f"{ALIAS}user{number}@{domain}"
    if net.happens("hostile address"):
        names = (f'"a>, relay=x, status=sent (q{number}"', f"o'user{number}", f"user{number}+tag")
        return f"{net.random.choice(names)}@{domain}"
    return f"{'User' if net.happens('case') else 'user'}{number}@{domain}"


def _stranger(net: Net) -> tuple[str, Callable[[Envelope, float], object]]:
    """From outside, by an MX."""
    mx, peer = net.nodes[net.random.choice(("mx1", "mx2", "mx3", "mx4"))], net.nodes["client"]
    return f"s{net.random.randrange(900)}@sender.example", lambda envelope, at: mx.accept(envelope, at, peer)


def _mailbox(net: Net) -> tuple[str, Callable[[Envelope, float], object]]:
    """From the outbox of a mailbox."""
    box = net.nodes[net.random.choice(("ex1", "ex2"))]
    if not isinstance(box, Exchange):
        raise TypeError(box)
    return f"user{net.random.randrange(400)}@corp.example", lambda envelope, at: box.submit(envelope, at, "MOMT")


def _user(net: Net) -> tuple[str, Callable[[Envelope, float], object]]:
    """From somebody who signs in at the host of the mailboxes."""
    host, user = net.nodes["imap1"], f"user{net.random.randrange(400)}@imap.example"
    if not isinstance(host, Postfix):
        raise TypeError(host)
    return user, lambda envelope, at: host.submit(envelope, at, user)


def _door(net: Net) -> tuple[str, Callable[[Envelope, float], object]]:
    """From outside, refused before there was an id."""
    mx, sender = net.nodes["mx1"], f"s{net.random.randrange(900)}@sender.example"

    def refuse(envelope: Envelope, at: float) -> None:
        for address in envelope.addresses:
            stay = net.stay(envelope.message, mx.here, "")
            text = f"NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 554 5.7.1 <{address}>: Recipient address rejected: Access denied; "
            mx.syslog(at, "postfix/smtpd[31]", f"{text}from=<{sender}> to=<{address}> proto=ESMTP helo=<x.example>", stay)
            net.ends.append(Ending(address, ((stay, address),), "rejected"))

    return sender, refuse
