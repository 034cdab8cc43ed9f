"""A process that writes while another rotates and packs its log, and a follower that is started anew in between: each line once."""

import subprocess
import sys
import time
from pathlib import Path

from tests.tracking.collect.reading import Importer
from tracking.collect.follow import Follower
from tracking.collect.values import Unreadable

WRITER = """
import os, subprocess, sys, time
path, total = sys.argv[1], 6000
log = open(path, "ab", buffering=0)
for number in range(1, total + 1):
    line = b"Nov 20 08:00:00 mx1 postfix/smtp[1]: line %d\\n" % number
    log.write(line[:20])  # a reader sees half lines
    log.write(line[20:])
    if number % 1500 == 0:
        for old in range(8, 1, -1):
            if os.path.exists(f"{path}.{old}.gz"):
                os.rename(f"{path}.{old}.gz", f"{path}.{old + 1}.gz")
        if os.path.exists(f"{path}.1"):
            subprocess.run(["gzip", f"{path}.1"], check=True)
            os.rename(f"{path}.1.gz", f"{path}.2.gz")
        os.rename(path, f"{path}.1")
        open(path, "a").close()
        for late in range(20):  # the daemon was not told yet
            log.write(b"late %d %d\\n" % (number, late))
            time.sleep(0.002)
        log = open(path, "ab", buffering=0)
    if number % 200 == 0:
        time.sleep(0.02)
"""


def test_each_line_once(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    importer, looks = Importer(), 0
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) as writer:
        ended = False
        while not ended:
            ended = writer.poll() is not None  # then one more look
            if looks % 5 == 0:
                follower = Follower([str(path)])
            for file in follower.changed(importer.states()):
                try:
                    importer.take(file)
                except Unreadable:  # renamed since the look
                    follower.again(file)
            looks += 1
            time.sleep(0.03)
    assert writer.returncode == 0
    assert looks > 5
    assert len(importer.lines) == len(set(importer.lines)) == 6000 + 4 * 20
    assert set(importer.notes) <= {"cut short: its end is missing"}  # seen while gzip was at work
