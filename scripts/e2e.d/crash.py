"""kill -9 at random moments of mixed work: whatever was acknowledged is there after the next start.

Several clients push (in one request, in chunks, resumed after a kill), pull, mount, tag, move tags and delete,
all from one pool of blobs, so that they often push the same bytes at the same time, and all move one tag of a
repository that they share. What they push stays within a bound, so that any number of kills is possible. Some
kills come while the server starts. Each client keeps its own ledger; all of it is compared every CHECK kills
and at the end, when every blob's file is hashed as well.

CRASHES says how many kills (default 50), SEED what happens.
"""

import json
import os
import random
import statistics
import subprocess
import threading
import time

import ledger
import lib
from ledger import Cut, Ledger, Lost
from lib import check

SEED = int(os.environ.get("SEED", "20261123"))
CRASHES = int(os.environ.get("CRASHES", "50"))
CHECK = 250
CLIENTS = 5
TAGS = ["a", "b", "c"]


class Pool:
    """The images that all clients push: a few layers, some of several megabytes, and what names them."""

    def __init__(self):
        noise = random.Random(SEED)
        self.images = []
        for number in range(10):
            status = f"Package: p\nStatus: install ok installed\nVersion: {number}\n\n".encode()
            size = noise.randrange(2 << 20, 6 << 20) if number < 3 else noise.randrange(60_000)
            layer = lib.tar_of({"etc/os-release": b"ID=debian\nVERSION_ID=10\n", "var/lib/dpkg/status": status,
                                "noise": noise.randbytes(size)})
            config, manifest = ledger.image(str(number), layer, {})
            self.images.append((config, layer, manifest, f"p {number}"))
        self.digests = {lib.digest(image[2]): image[3] for image in self.images}


class Client(threading.Thread):
    """Does one thing after the other, each with an answer or a kill at its end."""

    def __init__(self, server, pool, number):
        super().__init__(daemon=True)
        self.server, self.pool, self.number = server, pool, number
        self.random = random.Random(SEED * 1000 + number)
        self.book = Ledger()
        self.book.common = {"crash/shared"}
        self.repositories = [f"crash/{number}-{which}" for which in ("x", "y")]
        # What this client may have set the shared tag to since it last knew.
        self.shared = set()
        self.rests = None
        self.go, self.idle, self.over = threading.Event(), threading.Event(), False
        self.failed, self.done, self.resumed = None, 0, 0

    def run(self):
        try:
            self.settle()
            while not self.over:
                if not self.go.is_set():
                    self.idle.set()
                    self.go.wait()
                    self.idle.clear()
                    continue
                try:
                    self.step()
                    self.done += 1
                except Cut:
                    self.settle()
        except BaseException as error:
            self.failed = error
            raise
        finally:
            self.idle.set()

    def settle(self):
        """Waits for the server, and looks what became of the request that the kill cut off."""
        while not self.over:
            try:
                self.book.settle(self.server)
                if self.rests:
                    self.go_on(*self.rests)
                return
            except Cut:
                time.sleep(0.01)

    def step(self):
        work = (self.push_image, self.push_image, self.push_blob, self.mount, self.move_tag, self.referrer,
                self.delete_tag, self.delete_manifest, self.delete_blob, self.pull, self.pull, self.share)
        self.random.choice(work)(self.random.choice(self.repositories), self.random.choice(self.pool.images))

    def push_blob(self, repository, image):
        self.blob(repository, self.random.choice(image[:2]))

    def blob(self, repository, data):
        digest, kind = lib.digest(data), self.random.randrange(3)
        changes = {("repository", repository): True, ("blob", repository, digest): data}
        if kind == 0:
            self.book.ask(self.server, 201, changes, "POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data)
            return
        headers, _ = self.book.ask(self.server, 202, {("repository", repository): True}, "POST",
                                   f"/v2/{repository}/blobs/uploads/")
        self.rests = (repository, data, ledger.address(headers), 0, False)
        if kind == 1:
            self.chunks(len(data) // self.random.randrange(1, 5) + 1)
        self.finish(*self.rests)

    def chunks(self, step):
        repository, data, place, first, _ = self.rests
        while first < len(data):
            end = min(first + step, len(data))
            self.book.ask(self.server, 202, {}, "PATCH", place, data[first:end],
                          {"Content-Range": f"{first}-{end - 1}"})
            first = end
            self.rests = (repository, data, place, first, False)

    def finish(self, repository, data, place, first, _):
        digest = lib.digest(data)
        self.rests = (repository, data, place, first, True)
        self.book.ask(self.server, 201, {("blob", repository, digest): data}, "PUT",
                      ledger.with_digest(place, digest), data[first:])
        self.rests = None

    def go_on(self, repository, data, place, first, finishing):
        """Resumes the upload that a kill cut off where it is; it may be gone only if it was being ended."""
        length = ledger.observe(self.server, ("upload", place))
        if length is None:
            if not finishing:
                raise Lost(f"{place} is unknown after a kill")
            self.rests = None
            self.blob(repository, data)
            return
        if not first <= length <= len(data):
            raise Lost(f"{place} holds {length} bytes after {first} were acknowledged")
        self.resumed += 1
        self.finish(repository, data, place, length, True)

    def push_image(self, repository, image):
        self.with_blobs(repository, image)
        tag = self.random.choice([*TAGS, None])
        self.manifest(repository, tag or lib.digest(image[2]), image)

    def with_blobs(self, repository, image):
        for data in image[:2]:
            if self.book.facts.get(("blob", repository, lib.digest(data))) is None:
                self.blob(repository, data)

    def manifest(self, repository, reference, image):
        digest = lib.digest(image[2])
        changes = {("manifest", repository, digest): image[2]}
        if reference != digest:
            changes["tag", repository, reference] = digest
        self.book.ask(self.server, 201, changes, "PUT", f"/v2/{repository}/manifests/{reference}", image[2],
                      {"Content-Type": lib.MANIFEST})

    def move_tag(self, repository, image):
        known = [entry for entry in self.pool.images
                 if self.book.facts.get(("manifest", repository, lib.digest(entry[2])))]
        if known:
            image = self.random.choice(known)
            self.with_blobs(repository, image)
            self.manifest(repository, self.random.choice(TAGS), image)

    def mount(self, repository, image):
        held = [key for key, data in self.book.facts.items() if key[0] == "blob" and data]
        if held:
            _, source, digest = self.random.choice(held)
            changes = {("repository", repository): True,
                       ("blob", repository, digest): self.book.facts["blob", source, digest]}
            self.book.ask(self.server, 201, changes, "POST",
                          f"/v2/{repository}/blobs/uploads/?mount={digest}&from={source}")

    def referrer(self, repository, image):
        config, subject = image[0], lib.digest(image[2])
        if self.book.facts.get(("blob", repository, lib.digest(config))) is None:
            self.blob(repository, config)
        body = json.dumps({
            "schemaVersion": 2, "mediaType": lib.MANIFEST, "artifactType": "application/vnd.example.note",
            "config": {"mediaType": ledger.CONFIG, "digest": lib.digest(config), "size": len(config)}, "layers": [],
            "subject": {"mediaType": lib.MANIFEST, "digest": subject, "size": len(image[2])},
        }).encode()
        digest = lib.digest(body)
        changes = {("manifest", repository, digest): body, ("referrer", repository, subject, digest): True}
        self.book.ask(self.server, 201, changes, "PUT", f"/v2/{repository}/manifests/{digest}", body,
                      {"Content-Type": lib.MANIFEST})

    def delete(self, changes, repository, path):
        """A deletion that was cut off may have happened, so a second one may find nothing."""
        known = all(self.book.facts.get(key) is not None for key in list(changes)[:1])
        self.book.ask(self.server, 202 if known else 404, changes, "DELETE", f"/v2/{repository}/{path}")

    def delete_tag(self, repository, image):
        tag = self.random.choice(TAGS)
        self.delete({("tag", repository, tag): None}, repository, f"manifests/{tag}")

    def delete_manifest(self, repository, image):
        digest = lib.digest(image[2])
        changes = {("manifest", repository, digest): None}
        changes.update({key: None for key, value in self.book.facts.items()
                        if key[:2] == ("tag", repository) and value == digest})
        self.delete(changes, repository, f"manifests/{digest}")

    def delete_blob(self, repository, image):
        digest = lib.digest(self.random.choice(image[:2]))
        self.delete({("blob", repository, digest): None}, repository, f"blobs/{digest}")

    def pull(self, repository, image):
        if self.book.facts:
            self.book.compare(self.server, self.random.choice(list(self.book.facts)))

    def share(self, _, image):
        """Moves the tag that all clients move."""
        for data in image[:2]:
            if self.book.facts.get(("blob", "crash/shared", lib.digest(data))) is None:
                self.blob("crash/shared", data)
        digest = lib.digest(image[2])
        self.shared.add(digest)
        self.book.ask(self.server, 201, {("manifest", "crash/shared", digest): image[2]}, "PUT",
                      "/v2/crash/shared/manifests/last", image[2], {"Content-Type": lib.MANIFEST})
        self.shared = {digest}


class Crashes:
    """The server, its clients, and the one who kills."""

    def __init__(self, directory, db):
        self.server = lib.Server(directory / "data", db)
        self.pool = Pool()
        self.clients = [Client(self.server, self.pool, number) for number in range(CLIENTS)]
        self.starts, self.early = [], 0
        self.moments = random.Random(SEED)
        for client in self.clients:
            client.start()

    def run(self):
        for number in range(1, CRASHES + 1):
            self.work()
            time.sleep(self.moments.uniform(0.0, 0.3))
            self.server.kill()
            if self.moments.random() < 0.2:
                self.kill_early()
            begun = time.monotonic()
            self.server.start()
            self.starts.append(time.monotonic() - begun)
            if number % CHECK == 0:
                self.compare()
                print(f"  {number} kills, {sum(client.done for client in self.clients)} things done", flush=True)
        self.compare()

    def kill_early(self):
        """A kill while the server starts, perhaps before it answers."""
        process = subprocess.Popen(self.server.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "LAZARET_LOG": "warn"})
        time.sleep(self.moments.uniform(0.0, 0.06))
        process.kill()
        process.wait()
        self.early += 1

    def work(self):
        for client in self.clients:
            client.go.set()
            if client.failed:
                raise SystemExit(f"e2e: FAILED: client {client.number} (SEED={SEED}): {client.failed!r}")

    def compare(self):
        """Lets every client end what it does, and reads everything back."""
        for client in self.clients:
            client.go.clear()
        for client in self.clients:
            if not client.idle.wait(timeout=60) or client.failed:
                raise SystemExit(f"e2e: FAILED: client {client.number} (SEED={SEED}): {client.failed!r}")
        try:
            for client in self.clients:
                client.book.check(self.server)
            self.files = ledger.check_files(self.server.data)
            last = ledger.observe(self.server, ("tag", "crash/shared", "last"))
            if last not in set().union({None}, *(client.shared for client in self.clients)):
                raise Lost(f"the shared tag is at {last}, where no client moved it last")
        except Lost as error:
            raise SystemExit(f"e2e: FAILED: (SEED={SEED}) {error}") from error
        # An upload that nobody heard of leaves its bytes behind: they would fill the disk in the end.
        for path in (self.server.data / "uploads").iterdir():
            path.unlink()

    def scans(self):
        images = {key[2] for client in self.clients for key, body in client.book.facts.items()
                  if key[0] == "manifest" and body and key[2] in self.pool.digests}
        deadline = time.monotonic() + 90
        for digest in images:
            while (got := ledger.observe(self.server, ("scan", digest))) == ledger.PENDING:
                if time.monotonic() > deadline:
                    raise SystemExit(f"e2e: FAILED: the scan of {digest} does not end")
                time.sleep(0.05)
            if got != [self.pool.digests[digest]]:
                raise SystemExit(f"e2e: FAILED: the scan of {digest} found {got}")
        return len(images)

    def end(self):
        for client in self.clients:
            client.over = True
            client.go.set()
            client.join(timeout=60)


def main(directory, db):
    crashes = Crashes(directory, db)
    crashes.run()
    done, resumed = (sum(getattr(client, name) for client in crashes.clients) for name in ("done", "resumed"))
    facts = sum(len(client.book.facts) for client in crashes.clients)
    check(done > CRASHES, f"{done} things done around {CRASHES} kills, and {crashes.early} of a starting server "
                          f"(SEED={SEED}): {facts} facts and {crashes.files} files are right, {resumed} uploads resumed")
    print(f"  ... the server answered {1000 * statistics.median(crashes.starts):.0f} ms after its start (median), "
          f"{1000 * max(crashes.starts):.0f} ms at most")
    check(True, f"the scans of {crashes.scans()} images came to their end")
    crashes.end()
    check(crashes.server.stop() == 0, "the server ends with 0 when asked")
    verify = [lib.LAZARET, "admin", "verify"]
    if subprocess.run([*verify, "--help"], capture_output=True).returncode == 0:
        lib.run(*verify, "--data", crashes.server.data)
        check(True, "admin verify finds nothing")
