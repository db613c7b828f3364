"""The process stopped, and the power cut, at every point where something is synced.

powercut.c is put under the real server: it counts the syncs below the data directory, ends the process at
the one that is asked for, before or after it, and keeps what a disk would have for certain. One client
does everything that a registry is asked to do and notes what was answered. At each stop three data
directories are looked at:

    as it is   what a kill leaves
    strict     what was synced: entries of synced directories, content of synced files, nothing else
    torn       per file, directory and 4 KiB page what was synced or what was written last, by chance (SEED)

On each, everything that was answered must be there and nothing that was deleted; what the stop interrupted
happened or did not; no file may hold other bytes than its name says; and a second round must succeed. On
the directory as it is the power is cut once more as soon as the client has done again what was interrupted:
an answer then may rely on what the first process made and did not come to sync.

By default STOPS=16 stops, spread evenly, are tried; STOPS=all tries each.
"""

import copy
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import stat
import struct
import subprocess
import sys
import time

import ledger
import lib
from ledger import Cut, Ledger, Lost
from lib import check

SEED = int(os.environ.get("SEED", "20261124"))
STOPS = "all" if "--all" in sys.argv else os.environ.get("STOPS", "16")
SHIM = lib.ROOT / "target" / "e2e" / "powercut.so"
PAGE = 4096
LIBC = ctypes.CDLL(None, use_errno=True)


def build():
    SHIM.parent.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(__file__).with_name("powercut.c")
    lib.run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", SHIM, source, "-ldl", "-lpthread")


class Endless(Lost):
    """A scan does not come to its end."""


class Server(lib.Server):
    """A server that may be stopped while it starts."""

    def __init__(self, data, db, environment):
        self.environment = environment
        super().__init__(data, db)

    def start(self):
        command = [lib.LAZARET, "serve", "--data", self.data, "--listen", self.host, "--db", self.db, "--workers", "1"]
        environment = {**os.environ, "LAZARET_LOG": "warn", **self.environment}
        with open(self.data.parent.parent / "server.log", "ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + 30
        while True:
            try:
                if self.request("GET", "/healthz", auth=False)[0] == 200:
                    break
            except OSError:
                pass
            ended = self.process.poll()
            if ended == -signal.SIGKILL:
                raise Cut
            if ended is not None or time.monotonic() > deadline:
                raise Lost(f"the server does not start ({ended})")
            time.sleep(0.005)
        key = json.loads((self.data / "admin-key.json").read_text())
        self.key_id, self.secret = key["access_key_id"], key["secret_access_key"]


class Round:
    """One client's work; a number makes its names and bytes those of this round alone."""

    def __init__(self, number, patience=60):
        self.number, self.patience = number, patience
        noise = random.Random(number)
        status = f"Package: p\nStatus: install ok installed\nVersion: 1.{number}\n\n".encode()
        self.layer = lib.tar_of({"etc/os-release": b"ID=debian\nVERSION_ID=10\n", "var/lib/dpkg/status": status,
                                 "noise": noise.randbytes(150_000)})
        self.configs, self.manifests = zip(*(
            ledger.image(f"{number}.{which}", self.layer, {"which": str(which)}) for which in range(3)))
        self.spare, self.long, self.mounted = (noise.randbytes(size) for size in (5_000, 200_000, 20_000))

    def run(self, server, book, stop=True):
        one, two, gone, made = (f"power/{self.number}-{name}" for name in ("one", "two", "gone", "made"))
        book.ecr(server, {("repository", made): True}, "CreateRepository", repositoryName=made)
        self.blobs(server, book, one)
        self.mount(server, book, one, two)
        self.images(server, book, one)
        self.deletions(server, book, one, gone)
        token = book.ecr(server, {}, "GetAuthorizationToken")["authorizationData"][0]["authorizationToken"]
        book.facts["token", ledger.base64.b64decode(token).decode().split(":")[1]] = True
        # One upload is left in the middle.
        place = self.begin(server, book, one, self.long)
        self.chunk(server, book, place, self.long, 0, 70_000)
        if stop and server.stop() != 0:
            raise Cut

    def begin(self, server, book, repository, data):
        headers, _ = book.ask(server, 202, {("repository", repository): True}, "POST",
                              f"/v2/{repository}/blobs/uploads/")
        place = ledger.address(headers)
        book.facts["upload", place] = (0, data)
        return place

    def chunk(self, server, book, place, data, first, end):
        book.ask(server, 202, {("upload", place): (end, data)}, "PATCH", place, data[first:end],
                 {"Content-Range": f"{first}-{end - 1}"})

    def finish(self, server, book, place, repository, data, first, digest):
        book.ask(server, 201, {("upload", place): None, ("blob", repository, digest): data}, "PUT",
                 ledger.with_digest(place, digest), data[first:])

    def push(self, server, book, repository, data):
        place = self.begin(server, book, repository, data)
        self.finish(server, book, place, repository, data, 0, lib.digest(data))

    def blobs(self, server, book, one):
        digest = lib.digest(self.mounted)
        changes = {("repository", one): True, ("blob", one, digest): self.mounted}
        book.ask(server, 201, changes, "POST", f"/v2/{one}/blobs/uploads/?digest={digest}", self.mounted)
        for config in self.configs:
            self.push(server, book, one, config)
        place = self.begin(server, book, one, self.layer)
        self.chunk(server, book, place, self.layer, 0, 50_000)
        resting = self.begin(server, book, one, self.long)
        self.chunk(server, book, resting, self.long, 0, 60_000)
        self.chunk(server, book, place, self.layer, 50_000, 120_000)
        self.finish(server, book, place, one, self.layer, 120_000, lib.digest(self.layer))
        self.chunk(server, book, resting, self.long, 60_000, 200_000)
        self.finish(server, book, resting, one, self.long, 200_000, ledger.digest_like("sha512:", self.long))
        cancelled = self.begin(server, book, one, self.long)
        self.chunk(server, book, cancelled, self.long, 0, 10_000)
        book.ask(server, 204, {("upload", cancelled): None}, "DELETE", cancelled)

    def mount(self, server, book, one, two):
        digest = lib.digest(self.mounted)
        changes = {("repository", two): True, ("blob", two, digest): self.mounted}
        book.ask(server, 201, changes, "POST", f"/v2/{two}/blobs/uploads/?mount={digest}&from={one}")

    def manifest(self, server, book, repository, reference, body, kind=lib.MANIFEST, more=None):
        digest = lib.digest(body)
        changes = {("manifest", repository, digest): body, **(more or {})}
        if kind == lib.MANIFEST:
            known = book.facts.get(("scan", digest))
            changes["scan", digest] = known or ledger.PENDING
        if reference != digest:
            changes["tag", repository, reference] = digest
        book.ask(server, 201, changes, "PUT", f"/v2/{repository}/manifests/{reference}", body,
                 {"Content-Type": kind})

    def images(self, server, book, one):
        digests = [lib.digest(body) for body in self.manifests]
        self.manifest(server, book, one, "v1", self.manifests[0])
        self.wait(server, book, digests[0])
        self.manifest(server, book, one, digests[1], self.manifests[1])
        self.manifest(server, book, one, "third", self.manifests[2])
        rows = [{"mediaType": lib.MANIFEST, "digest": digest, "size": len(body),
                 "platform": {"os": "linux", "architecture": name}}
                for digest, body, name in zip(digests, self.manifests, ("amd64", "arm64"))]
        index = json.dumps({"schemaVersion": 2, "mediaType": ledger.INDEX, "manifests": rows}).encode()
        self.manifest(server, book, one, "all", index, ledger.INDEX)
        self.manifest(server, book, one, "v1", self.manifests[1])
        signature = json.dumps({
            "schemaVersion": 2, "mediaType": lib.MANIFEST, "artifactType": "application/vnd.example.signature",
            "config": {"mediaType": ledger.CONFIG, "digest": lib.digest(self.configs[0]), "size": len(self.configs[0])},
            "layers": [], "subject": {"mediaType": lib.MANIFEST, "digest": digests[0], "size": len(self.manifests[0])},
        }).encode()
        more = {("referrer", one, digests[0], lib.digest(signature)): True}
        self.manifest(server, book, one, lib.digest(signature), signature, "", more)

    def wait(self, server, book, digest):
        deadline = time.monotonic() + self.patience
        while True:
            got = ledger.observe(server, ("scan", digest))
            if got != ledger.PENDING:
                break
            if time.monotonic() > deadline:
                raise Endless(f"the scan of {digest} does not end")
            time.sleep(0.01)
        if got != [f"p 1.{self.number}"]:
            raise Lost(f"the scan of {digest} found {got}")
        book.facts["scan", digest] = got

    def deletions(self, server, book, one, gone):
        third = lib.digest(self.manifests[2])
        self.manifest(server, book, one, "short", self.manifests[1])
        book.ask(server, 202, {("tag", one, "short"): None}, "DELETE", f"/v2/{one}/manifests/short")
        changes = {("manifest", one, third): None, ("tag", one, "third"): None, ("scan", third): None}
        book.ask(server, 202, changes, "DELETE", f"/v2/{one}/manifests/{third}")
        self.push(server, book, one, self.spare)
        spare = lib.digest(self.spare)
        book.ask(server, 202, {("blob", one, spare): None}, "DELETE", f"/v2/{one}/blobs/{spare}")
        self.push(server, book, gone, self.spare)
        changes = {("repository", gone): None, ("blob", gone, spare): None}
        book.ecr(server, changes, "DeleteRepository", repositoryName=gone, force=True)

    def again(self, server, book):
        """Pushes what the round pushed once more, whatever of it is there, and ends its uploads."""
        one = f"power/{self.number}-one"
        for key, known in list(book.facts.items()):
            if key[0] == "upload" and known is not None:
                self.resume(server, book, key[1], known[1])
        for data in (*self.configs, self.layer, self.long, self.mounted, self.spare):
            self.push(server, book, one, data)
        for body in self.manifests:
            self.manifest(server, book, one, "again", body)
        book.check(server)

    def resume(self, server, book, place, data):
        """Goes on with an upload where it is; one that lost bytes is refused by its digest."""
        length = ledger.observe(server, ("upload", place))
        book.facts["upload", place] = None
        if length is None:
            return
        digest = lib.digest(data)
        status, _, body = ledger.ask(server, "PUT", ledger.with_digest(place, digest), data[length:])
        if status == 201:
            book.facts["blob", place.split("/blobs/")[0].removeprefix("/v2/"), digest] = data
        elif status != 400 or json.loads(body)["errors"][0]["code"] != "DIGEST_INVALID" or not book.lossy:
            raise Lost(f"{place} cannot be resumed at {length}: {status} {body}")


class Disk:
    """A file system's tree as a power cut may leave it."""

    def __init__(self, shadow, tree):
        self.shadow = {path.name: path.read_bytes() for path in shadow.iterdir() if path.name != "draft"}
        self.last, self.root = {}, identity(tree)
        for path in [tree, *tree.rglob("*")]:
            entries = [(identity(entry), entry.name) for entry in path.iterdir()] if path.is_dir() else None
            self.last[identity(path)] = path.read_bytes() if entries is None else entries

    def strict(self, target):
        self.grow(self.root, target, lambda name: self.entries(name), lambda name: self.shadow.get(name, b""))

    def torn(self, target, chance):
        def entries(name):
            synced, last = self.entries(name), self.last.get(name, [])
            sure = [entry for entry in synced if entry in last]
            open_to_chance = [entry for entry in (*synced, *last) if entry not in sure]
            picked = {name: identity for identity, name in open_to_chance if chance.random() < 0.5}
            return sure + [(identity, name) for name, identity in picked.items()]

        def content(name):
            synced, last = self.shadow.get(name, b""), self.last.get(name, b"")
            kind = chance.randrange(3)
            if kind < 2:
                return (synced, last)[kind]
            length = chance.choice((len(synced), len(last)))
            pages = (chance.choice((synced, last))[at:at + PAGE].ljust(PAGE, b"\0") for at in range(0, length, PAGE))
            return b"".join(pages)[:length]

        self.grow(self.root, target, entries, content)

    def entries(self, name):
        lines = self.shadow.get(name, b"").decode().splitlines()
        return [tuple(line.split(" ", 1)) for line in lines]

    def grow(self, name, target, entries, content):
        if name.startswith("f"):
            target.write_bytes(content(name))
            target.chmod(0o600)
            return
        target.mkdir(mode=0o700)
        for below, entry in entries(name):
            self.grow(below, target / entry, entries, content)


def identity(path):
    """The name that the shim has for a file: kind, inode, time of birth."""
    facts = ctypes.create_string_buffer(256)
    no_follow, wanted = 0x100, 0xFFF
    if LIBC.statx(-100, os.fsencode(path), no_follow, wanted, facts) != 0:
        raise OSError(ctypes.get_errno(), path)
    mode, = struct.unpack_from("H", facts, 28)
    inode, = struct.unpack_from("Q", facts, 32)
    seconds, nanoseconds = struct.unpack_from("qI", facts, 80)
    return f"{'d' if stat.S_ISDIR(mode) else 'f'}-{inode}-{seconds}-{nanoseconds}"


class Trial:
    """Runs until one stop, and what is looked at after it."""

    def __init__(self, directory, db, number, when):
        self.directory, self.db = directory / f"{number}-{when}", db
        self.number, self.when = number, when
        self.tree, self.shadow = self.directory / "disk", self.directory / "shadow"
        self.count = self.directory / "count"
        self.shadow.mkdir(parents=True)
        self.tree.mkdir()

    def under(self, stop=0):
        """The environment that puts the shim under a server."""
        return {"LD_PRELOAD": str(SHIM), "POWERCUT_ROOT": str(self.tree), "POWERCUT_SHADOW": str(self.shadow),
                "POWERCUT_COUNT": str(self.count), "POWERCUT_STOP": str(stop), "POWERCUT_WHEN": self.when}

    def syncs(self):
        return int.from_bytes(self.count.read_bytes(), sys.byteorder)

    def first(self):
        """The round that is stopped; answers its ledger and whether it came to its end."""
        book = Ledger()
        try:
            server = Server(self.tree / "data", self.db, self.under(self.number))
        except Cut:
            return book, False
        book.facts["key", server.key_id, server.secret] = True
        try:
            Round(1).run(server, book)
            return book, True
        except Cut:
            server.process.wait(timeout=10)
            return book, False

    def run(self):
        book, whole = self.first()
        if self.number and whole:
            return False
        disk = Disk(self.shadow, self.tree)
        disk.strict(self.directory / "strict")
        disk.torn(self.directory / "torn", random.Random(f"{SEED}-{self.number}-{self.when}"))
        book.lossy = True
        for name in ("strict", "torn"):
            self.look(name, self.directory / name, book, {})
        book.lossy = False
        second = self.look("as it is", self.tree, book, self.under(), self.directory / "later")
        second.lossy = True
        self.look("cut again", self.directory / "later", second, {})
        shutil.rmtree(self.directory)
        return True

    def look(self, name, tree, book, environment, later=None):
        """Starts on what is left, checks it, and does another round. If asked, what a second cut would leave
        is kept as soon as the interrupted request was done again; answers the ledger of that moment."""
        book = copy.deepcopy(book)
        interrupted = [(key[1], data) for key, data in book.maybe.items() if key[0] == "blob" and data]
        try:
            server = Server(tree / "data", self.db, environment)
            try:
                book.check(server)
                ledger.check_files(server.data)
                for repository, data in interrupted:
                    Round(1).push(server, book, repository, data)
                between = copy.deepcopy(book)
                if later:
                    Disk(self.shadow, self.tree).strict(later)
                if book.facts:
                    Round(1).again(server, book)
                Round(2).run(server, book, stop=False)
                book.check(server)
                ledger.check_files(server.data)
            finally:
                server.kill()
        except (Lost, Cut) as error:
            raise SystemExit(f"e2e: FAILED: stopped {self.when} sync {self.number}, {name} (SEED={SEED}, kept in "
                             f"{self.directory}): {error!r}") from error
        return between


def main(_, db):
    build()
    # Not among the temporary files: a directory that failed is kept.
    directory = lib.ROOT / "target" / "e2e" / "powercut"
    shutil.rmtree(directory, ignore_errors=True)
    whole = Trial(directory, db, 0, "after")
    whole.run()
    # How many there are is not always the same: a scan runs beside the client.
    count = Trial(directory, db, 0, "before")
    count.first()
    syncs = count.syncs()
    numbers = range(1, syncs + 1)
    if STOPS != "all":
        numbers = numbers[::max(1, 2 * syncs // int(STOPS))]
    tried = 0
    for number in numbers:
        for when in ("before", "after"):
            tried += Trial(directory, db, number, when).run()
    check(tried > 0, f"{tried} stops at {syncs} syncs, each left as it is, cut strictly and torn (SEED={SEED}): "
                     "nothing acknowledged was lost")
