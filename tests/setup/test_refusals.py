"""What set-up concludes from the words of dpkg, apt-get and the kernel, and the exact lines with which it refuses."""

import pytest

from setup.packages import PACKAGES, needed
from setup.refusals import (
    SetUpError,
    listing,
    mail_packages,
    mail_ports,
    missing,
    planned,
    refuse_neighbours,
    refuse_removals,
)

SIMULATION = """\
Reading package lists...
The following packages will be REMOVED:
  exim4-base exim4-daemon-light
Remv exim4-daemon-light [4.96-15+deb12u7] [bsd-mailx:amd64 ]
Remv exim4-base [4.96-15+deb12u7]
Inst ssl-cert (1.1.2 Debian:12.11/stable [all])
Inst postfix (3.7.11-0+deb12u1 Debian:12.11/stable [amd64])
Conf ssl-cert (1.1.2 Debian:12.11/stable [all])
Conf postfix (3.7.11-0+deb12u1 Debian:12.11/stable [amd64])
"""
TABLES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0100007F:008F 0100007F:A2B2 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:03E1 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""


def test_installed_packages_are_not_missing() -> None:
    status = "postfix installed\nslapd config-files\nnsd not-installed\n"
    assert missing({"postfix": "p", "slapd": "s", "nsd": "n", "faketime": "f"}, status) == {"slapd": "s", "nsd": "n", "faketime": "f"}


def test_a_simulation_says_what_comes_and_what_goes() -> None:
    assert planned(SIMULATION, "Inst") == ["postfix", "ssl-cert"]
    assert planned(SIMULATION, "Remv") == ["exim4-base", "exim4-daemon-light"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("exim4-daemon-light|installed|mail-transport-agent", ["exim4-daemon-light"]),
        ("exim4-daemon-light|config-files|mail-transport-agent", []),
        ("cyrus-imapd|installed|imap-server, foo (= 1)", ["cyrus-imapd"]),
        ("opensmtpd|installed|mail-transport-agent (= 6.8)", ["opensmtpd"]),
        ("postfix|installed|mail-transport-agent, default-mta (= 3)", []),
        ("bsd-mailx|installed|mailx", []),
    ],
)
def test_another_mail_server_is_known_by_what_it_provides(row: str, found: list[str]) -> None:
    assert mail_packages(row + "\nbash|installed|\n", PACKAGES["lab"]) == found


def test_only_listeners_on_mail_ports_count() -> None:
    assert mail_ports(TABLES) == [25, 993]


def test_a_neighbour_is_refused_with_the_signs_of_it() -> None:
    with pytest.raises(SetUpError) as refusal:
        refuse_neighbours(["exim4-daemon-light"], [25, 993])
    assert str(refusal.value) == (
        "Refused: another mail server lives on this machine (exim4-daemon-light is installed; something listens on port 25 (smtp); "
        "something listens on port 993 (imaps)). Take a machine or a container without one."
    )


def test_a_removal_is_refused_by_name() -> None:
    with pytest.raises(SetUpError) as refusal:
        refuse_removals(planned(SIMULATION, "Remv"))
    assert str(refusal.value) == (
        "Refused: apt would remove exim4-base, exim4-daemon-light. Take a machine or a container where nothing has to go."
    )


def test_nothing_in_the_way_is_no_refusal() -> None:
    refuse_neighbours([], [])
    refuse_removals([])


def test_the_listing_says_what_each_package_is_for() -> None:
    assert listing({"postfix": "the mail servers", "nsd": "names"}) == (
        "Debian packages that are needed and not here yet:\n  postfix  the mail servers\n  nsd      names\n"
    )


def test_the_module_for_environments_is_needed_only_where_python_lacks_it() -> None:
    assert "python3-venv" in needed(["lab"], venv=True)
    assert "python3-venv" not in needed(["lab", "tests"], venv=False)
