"""Decide from what dpkg, apt-get and the kernel say: what is missing, what would be removed, who else serves mail here. No I/O."""

MAIL_PORTS = {25: "smtp", 110: "pop3", 143: "imap", 465: "submissions", 587: "submission", 993: "imaps", 995: "pop3s"}
ROLES = {"mail-transport-agent", "imap-server", "pop3-server"}  # virtual packages (Debian policy 11.6 and its list of names)
LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


class SetUpError(Exception):
    """Set-up cannot go on; the message says who is wrong and what to do."""


def missing(wanted: dict[str, str], status: str) -> dict[str, str]:
    """Return what of `wanted` is not installed. `status`: lines `package state` of dpkg-query."""
    here = {line.split()[0] for line in status.splitlines() if line.endswith(" installed")}
    return {name: purpose for name, purpose in wanted.items() if name not in here}


def planned(simulation: str, verb: str) -> list[str]:
    """Return the packages that `apt-get --simulate` says it would install (`Inst`) or remove (`Remv`)."""
    return sorted({line.split()[1] for line in simulation.splitlines() if line.startswith(f"{verb} ")})


def mail_packages(status: str, wanted: dict[str, str]) -> list[str]:
    """Return installed packages that serve mail and are none of ours. `status`: lines `package|state|provides` of dpkg-query."""
    rows = [line.split("|") for line in status.splitlines()]
    return sorted(name for name, state, provides in rows if state == "installed" and name not in wanted and roles(provides))


def roles(provides: str) -> set[str]:
    """Return which parts of a mail server a package's `Provides` names; versions in brackets are cut off."""
    return ROLES & {word.split("(")[0].strip() for word in provides.split(",")}


def mail_ports(tables: str) -> list[int]:
    """Return the mail ports on which somebody listens. `tables`: the text of /proc/net/tcp and tcp6."""
    rows = [line.split() for line in tables.splitlines() if ":" in line]
    return sorted({int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == LISTENING} & set(MAIL_PORTS))


def refuse_neighbours(packages: list[str], ports: list[int]) -> None:
    """Raise SetUpError when another mail server lives on this machine."""
    served = [f"something listens on port {port} ({MAIL_PORTS[port]})" for port in ports]
    if packages or served:
        signs = "; ".join([f"{name} is installed" for name in packages] + served)
        raise SetUpError(f"Refused: another mail server lives on this machine ({signs}). Take a machine or a container without one.")


def refuse_removals(removed: list[str]) -> None:
    """Raise SetUpError when apt would remove packages."""
    if removed:
        raise SetUpError(f"Refused: apt would remove {', '.join(removed)}. Take a machine or a container where nothing has to go.")


def listing(packages: dict[str, str]) -> str:
    """Return what will be installed and why, as lines for a person."""
    width = max(len(name) for name in packages)
    rows = "".join(f"  {name:<{width}}  {purpose}\n" for name, purpose in packages.items())
    return f"Debian packages that are needed and not here yet:\n{rows}"
