"""No room left: clients are told so, nothing acknowledged is lost, and all goes on when there is room again.

powercut.c is put under the real server and lets it write so many bytes and no more (POWERCUT_ROOM). The round
of powercut.py is run into each of ROOMS budgets (default 24, spread over what the round needs, so that every
kind of write is the one that does not fit), then once into a disk that large uploads fill.
"""

import os
import random
import shutil
import sqlite3
import sys

import ledger
import lib
import powercut
from ledger import Full, Ledger, Lost
from lib import check

ROOMS = int(os.environ.get("ROOMS", "24"))
MEGABYTE = 1 << 20
PLENTY = 1 << 40


class Room:
    """How many bytes the server may still write."""

    def __init__(self, path):
        self.path = path

    def set(self, count):
        self.path.touch()
        with open(self.path, "r+b") as file:
            file.write(count.to_bytes(8, sys.byteorder, signed=True))

    def left(self):
        return int.from_bytes(self.path.read_bytes(), sys.byteorder, signed=True)


class Trial:
    """A server on a disk of its own."""

    def __init__(self, directory, db):
        shutil.rmtree(directory, ignore_errors=True)
        (directory / "disk").mkdir(parents=True)
        self.room = Room(directory / "room")
        self.room.set(PLENTY)
        self.book = Ledger()
        environment = {"LD_PRELOAD": str(powercut.SHIM), "POWERCUT_ROOT": str(directory / "disk"),
                       "POWERCUT_ROOM": str(self.room.path)}
        self.server = powercut.Server(directory / "disk" / "data", db, environment)
        self.book.facts["key", self.server.key_id, self.server.secret] = True

    def sound(self):
        """Everything that was acknowledged is there, and neither store is damaged."""
        self.book.check(self.server)
        ledger.check_files(self.server.data)

    def end(self):
        """The same after a kill, and the database says that it is whole."""
        self.server.kill()
        self.server.start()
        self.sound()
        if self.server.stop() != 0:
            raise Lost("the server does not end with 0")
        with sqlite3.connect(self.server.data / "metadata.sqlite") as database:
            said = database.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            raise Lost(f"the database is damaged: {said}")


def into(directory, db, budget):
    """One round with so much room; answers whether it came to its end."""
    trial = Trial(directory, db)
    trial.room.set(budget)
    whole, late, work = False, False, powercut.Round(1)
    try:
        powercut.Round(1, patience=3).run(trial.server, trial.book, stop=False)
        whole = True
    except Full:
        pass
    except powercut.Endless:
        late = True
    trial.sound()
    trial.room.set(PLENTY)
    if late:
        work.wait(trial.server, trial.book, lib.digest(work.manifests[0]))
    work.again(trial.server, trial.book)
    powercut.Round(2).run(trial.server, trial.book, stop=False)
    trial.sound()
    trial.end()
    return whole


def fill(directory, db):
    """Large uploads into 40 MB; what can still be done while nothing fits, and afterwards."""
    trial = Trial(directory, db)
    server, book, work = trial.server, trial.book, powercut.Round(1)
    work.run(server, book, stop=False)
    trial.room.set(40 * MEGABYTE)
    noise, repository, told = random.Random(1), "full/disk", 0
    kept = []
    while trial.room.left() > 0:
        data = noise.randbytes(9 * MEGABYTE)
        try:
            work.push(server, book, repository, data)
        except Full:
            told += 1
            kept = [(key[1], state) for key, state in book.facts.items() if key[0] == "upload" and state]
    check(told == 1, "pushed until the answer was 507")
    large = noise.randbytes(60 * MEGABYTE)
    digest = lib.digest(large)
    for method, path, headers in (
        ("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", {}),
        ("PATCH", kept[-1][0], {}),
        ("PUT", ledger.with_digest(kept[-1][0], digest), {}),
        ("PATCH", kept[-1][0], {"Content-Range": f"1-{len(large)}"}),
    ):
        status = ledger.ask(server, method, path, large, headers)[0]
        if status not in ((507,) if not headers else (416,)):
            raise Lost(f"{method} {path} on a full disk: {status}")
    check(True, "a client that sends 60 MB before it listens hears 507, and 416 where that is the answer")
    for _ in range(3):
        trial.sound()
    check(server.request("GET", "/healthz", auth=False)[0] == 200, "all reads go on while nothing fits")
    trial.room.set(PLENTY)
    for place, (_, data) in kept:
        work.resume(server, book, place, data)
    work.push(server, book, repository, large)
    powercut.Round(2).run(server, book, stop=False)
    trial.sound()
    trial.end()
    check(True, "with room again it goes on, without a restart")


def main(_, db):
    powercut.build()
    directory = lib.ROOT / "target" / "e2e" / "full-disk"
    trial = Trial(directory, db)
    powercut.Round(1).run(trial.server, trial.book, stop=False)
    trial.server.kill()
    needed = PLENTY - trial.room.left()
    short = 0
    for at in range(ROOMS):
        budget = needed * at // ROOMS
        try:
            short += not into(directory, db, budget)
        except (Lost, ledger.Cut) as error:
            raise SystemExit(f"e2e: FAILED: with room for {budget} bytes: {error!r}") from error
    check(short > 0, f"{short} rounds ended for want of room, nothing was lost, and each went on with more")
    fill(directory, db)
