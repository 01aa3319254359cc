"""A disk that changed a letter between two runs: the real command refuses, and says how to get back (R10)."""

from __future__ import annotations

import os


def test_a_letter_that_the_disk_changed_stops_the_next_start(new_house, start, contact):
    house = new_house()
    runner = start(house).ready()
    visitor = contact(runner.port)
    visitor.wait_for_reply(visitor.send("How long is the warranty for the lamp Albatross?"))
    assert house.custagent("backup").returncode == 0
    assert runner.stop()[0] == 0
    path = house.home.database
    data, written = bytearray(path.read_bytes()), path.stat()
    data[data.index(b"Albatross")] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    code, told = start(house).ends()
    assert code == 1
    assert "damaged" in told
    assert "custagent restore" in told
    assert "Traceback" not in told
    newest = told[told.index("custagent restore") :].split()[2]
    done = house.custagent("restore", newest, "--yes")
    assert done.returncode == 0, done.stderr
    again = start(house).ready()
    visitor.port = again.port
    assert visitor.wait_for_reply(visitor.send())["text"]
    assert again.stop()[0] == 0
