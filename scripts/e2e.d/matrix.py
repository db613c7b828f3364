"""Real clients by operations: each cell pushes, pulls or asks, and what came of it is compared.

A cell is a method of a client. Where a client has no such operation, `lacks` says why. All clients
come to one server, with authentication on, through a port that notes what they ask.
"""

import json
import os
import re

import debian
import golang
import lib
import modules
from client import NotHere
from images import Images, demand
from lib import check
from tap import Tap

# Operation, and the name of the method that does it.
OPERATIONS = {
    "login": "login",
    "login as AWS": "login_as_aws",
    "push": "push",
    "pull by tag": "pull",
    "pull by digest": "pull_by_digest",
    "index push": "push_index",
    "mount": "mount",
    "tag list": "tags",
    "referrers": "referrers",
    "delete": "delete",
}


class Bench:
    """What a client needs to be tried: the server, its own directory and repositories, images."""

    def __init__(self, directory, server, tap, images, name):
        self.directory = directory / name
        self.directory.mkdir()
        self.server, self.tap, self.images = server, tap, images
        self.host = tap.host
        self.repository = f"matrix/{name}"
        self.other = f"matrix/{name}-mounted"

    def mounted(self, begun, layers):
        """Since that many requests, these layers were mounted and not uploaded."""
        asked = self.tap.requests[begun:]
        for layer in layers:
            pattern = layer.replace(":", "(:|%3A)")
            mounts = [path for method, path in asked if method == "POST" and re.search(f"mount={pattern}", path)]
            uploads = [path for method, path in asked if method == "PUT" and re.search(f"digest={pattern}", path)]
            demand(mounts, f"nobody asked to mount {layer}: {asked}")
            demand(not uploads, f"{layer} was uploaded although it could be mounted: {asked}")
            code, _, _ = self.server.request("HEAD", f"/v2/{self.other}/blobs/{layer}")
            demand(code == 200, f"{self.other} does not hold {layer}")

    def referrers(self, subject):
        """The digests of what speaks of a manifest, by the registry's own list."""
        code, _, body = self.server.request("GET", f"/v2/{self.repository}/referrers/{subject}")
        demand(code == 200, f"referrers of {subject}: {code}")
        return sorted(entry["digest"] for entry in json.loads(body)["manifests"])


def cell(client, method):
    """One operation's outcome as a word, and what is to be said about it."""
    if method is None:
        return "n/a", None
    try:
        method()
        return "ok", None
    except (SystemExit, Exception) as failure:
        # What a failed operation leaves undone can make later ones fail in any way.
        said = f"{client.name}: {method.__name__}: {type(failure).__name__}: {failure}"
        print(f"  FAILED  {said}", flush=True)
        return "FAILED", said


def row(client):
    """The outcomes of a client's operations, in their order."""
    cells, said = {}, []
    for operation, name in OPERATIONS.items():
        method = getattr(client, name, None)
        demand((method is None) == (operation in client.lacks), f"{client.name}: {operation}: neither done nor lacking")
        cells[operation], failure = cell(client, method)
        said += [failure] if failure else []
        if cells[operation] == "ok":
            check(True, f"{client.name}: {operation}")
    return cells, said


def table(rows):
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    for line in rows:
        print("  " + "  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip())


def run(directory, db, kinds):
    server = lib.Server(directory / "data", db)
    tap = Tap(server)
    images = Images(directory, server.port)
    rows, failures, notes = [["client", *OPERATIONS]], [], []
    try:
        for kind in kinds:
            client = kind(Bench(directory, server, tap, images, kind.name))
            try:
                client.start()
                cells, said = row(client)
                failures += said
                rows.append([f"{client.name} {client.version()}", *cells.values()])
                notes += [f"{client.name}: no {operation}: {reason}" for operation, reason in client.lacks.items()]
            except NotHere as reason:
                print(f"  {client.name} NOT RUN: {reason}", flush=True)
                rows.append([client.name, *("not run" for _ in OPERATIONS)])
                notes.append(f"{client.name}: not run: {reason}")
                failures += [f"{client.name}: not run: {reason}"] if os.environ.get("CI") else []
            finally:
                client.stop()
    finally:
        tap.close()
        check(server.stop() == 0, "the server ends with 0 when asked")
    table(rows)
    for note in notes:
        print(f"  {note}")
    for failure in failures:
        print(f"  FAILED: {failure}")
    check(not failures, "every client can do what it has to do")


def main(directory, db):
    """Debian's clients."""
    run(directory, db, debian.ALL)


def main_of_modules(directory, db):
    """Clients that are built of Go modules."""
    run(directory, db, modules.ALL)
    golang.forget_sources()
