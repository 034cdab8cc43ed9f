"""Opening and closing listeners: what cannot be opened is said in one line, and a control socket is its owner's alone."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from starlette.responses import PlainTextResponse

from console.listening import Listener, NotListening, told

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "127.0.0.1"
APP = PlainTextResponse("hello")
ROOT_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


async def refused(place: tuple[str, int]) -> str:
    with pytest.raises(NotListening) as error:
        await Listener.on_tcp(APP, place, "metrics.listen")
    return str(error.value)


async def refused_unix(path: Path) -> str:
    with pytest.raises(NotListening) as error:
        await Listener.on_unix(APP, path)
    return str(error.value)


# -- TCP


async def test_a_port_in_use() -> None:
    with socket.create_server((LOCAL, 0)) as other:
        port = other.getsockname()[1]
        words = "another program listens there; stop it, or choose another port"
        assert await refused((LOCAL, port)) == f"metrics.listen: cannot listen on 127.0.0.1:{port}: {words}"


async def test_an_address_of_another_machine() -> None:
    assert await refused(("192.0.2.7", 9825)) == "metrics.listen: cannot listen on 192.0.2.7:9825: this machine has no such address"


async def test_a_name_that_is_none() -> None:
    said = await refused(("no such name", 9825))
    assert said.startswith("metrics.listen: cannot listen on no such name:9825: no such name is not known (")


@ROOT_ALONE
def test_a_port_for_root_alone() -> None:
    code = """
import asyncio, os, sys
from console.listening import Listener, NotListening
async def main():
    for host, port in (('192.0.2.7', 81), ('127.0.0.1', 81)):
        try:
            await Listener.on_tcp(None, (host, port), 'metrics.listen')
        except NotListening as error:
            said = error
        os.setuid(65534)  # once all is loaded, which another user may not read
    print(said)
open('/proc/sys/net/ipv4/ip_unprivileged_port_start').read().strip() == '1024' or sys.exit('skip')
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=".")
    if "skip" in done.stderr:
        pytest.skip("this kernel lets everybody listen there")
    assert done.stdout == "metrics.listen: cannot listen on 127.0.0.1:81: this user may not use that port; choose one above 1023\n"


async def test_port_0_takes_a_free_one_which_is_free_again_afterwards() -> None:
    listener = await Listener.on_tcp(APP, (LOCAL, 0), "metrics.listen")
    port = listener.port
    await listener.close()
    again = await Listener.on_tcp(APP, (LOCAL, port), "metrics.listen")
    assert again.port == port
    await again.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
async def test_ipv6_is_told_in_brackets() -> None:
    assert told(("::1", 9825)) == "[::1]:9825"
    try:
        listener = await Listener.on_tcp(APP, ("::1", 0), "metrics.listen")
    except NotListening as error:
        pytest.skip(str(error))
    assert await refused(("::1", listener.port)) == (
        f"metrics.listen: cannot listen on [::1]:{listener.port}: another program listens there; stop it, or choose another port"
    )
    await listener.close()


# -- unix socket


async def asked(path: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    said = await reader.read()
    writer.close()
    await writer.wait_closed()
    return said


async def test_a_control_socket_is_its_owners_and_goes_with_the_service(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    before = os.umask(0)  # the most careless one there is
    try:
        listener = await Listener.on_unix(APP, path)
    finally:
        os.umask(before)
    assert stat.filemode(path.stat().st_mode) == "srw-------"
    assert (await asked(path)).endswith(b"hello")
    await listener.close()
    assert not path.exists()


async def test_the_socket_of_a_service_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = await Listener.on_unix(APP, path)
    assert (await asked(path)).endswith(b"hello")
    await listener.close()


async def test_the_socket_of_a_service_that_lives_is_not(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    listener = await Listener.on_unix(APP, path)
    words = "another service listens there; stop it, or choose another store.path"
    assert await refused_unix(path) == f"cannot listen on the control socket {path}: {words}"
    assert (await asked(path)).endswith(b"hello")
    await listener.close()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    path.write_text("dear diary")
    assert await refused_unix(path) == f"cannot listen on the control socket {path}: there is a file of this name that is no socket"
    assert path.read_text() == "dear diary"


async def test_a_link_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    path.symlink_to(tmp_path / "elsewhere")
    assert (await refused_unix(path)).endswith("there is a file of this name that is no socket")


async def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / f"{'long' * 30}.sock"
    words = "its path is longer than a unix socket allows (107 bytes); choose a shorter store.path"
    assert await refused_unix(path) == f"cannot listen on the control socket {path}: {words}"


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "mailsonde.sock"
    assert await refused_unix(path) == f"cannot listen on the control socket {path}: no such file or directory"


async def test_a_successors_socket_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "mailsonde.sock"
    first = await Listener.on_unix(APP, path)
    path.rename(tmp_path / "moved")
    second = await Listener.on_unix(APP, path)
    await first.close()
    assert (await asked(path)).endswith(b"hello")
    await second.close()


@ROOT_ALONE
async def test_another_user_is_refused_even_where_the_file_lets_him_in(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):  # each below the temporary folder, a parallel run has one more
        folder.chmod(0o755)
    path = tmp_path / "mailsonde.sock"
    listener = await Listener.on_unix(APP, path)
    path.chmod(0o777)
    code = """
import os, socket, sys
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as one:
    one.connect(sys.argv[1])
    one.sendall(b"GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
    print(one.recv(10_000).decode())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(path), stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    await listener.close()
    assert said.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"user id 65534 may not steer this service: its own user (0) and root may" in said
    assert b"hello" not in said
