"""kill -9 during pushes and scans: whatever was acknowledged is there after the next start.

CRASHES says how many kills (default 10).
"""

import json
import os
import random
import threading
import time

import lib
from lib import check

SEED = int(os.environ.get("SEED", "20261123"))
CRASHES = int(os.environ.get("CRASHES", "10"))


class Pusher(threading.Thread):
    """Pushes small images of its own, one after the other, and notes what was acknowledged."""

    def __init__(self, server, number, layers):
        super().__init__(daemon=True)
        self.server, self.number, self.layers = server, number, layers
        self.random = random.Random(SEED * 1000 + number)
        self.blobs, self.manifests = {}, {}
        self.done = threading.Event()

    def run(self):
        count = 0
        while not self.done.is_set():
            try:
                self.push(count)
            except (OSError, lib.http.client.HTTPException):
                time.sleep(0.01)
            count += 1

    def push(self, count):
        repository = f"crash/{self.number}"
        status = f"Package: p\nStatus: install ok installed\nVersion: {self.number}.{count}\n\n".encode()
        packages = {"etc/os-release": b"ID=debian\nVERSION_ID=10\n", "var/lib/dpkg/status": status}
        filler = self.random.randbytes(self.random.randrange(200_000))
        layer = lib.tar_of({**packages, f"filler-{count}": filler})
        config = json.dumps({
            "architecture": "amd64", "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [lib.digest(layer)]},
        }).encode()
        for blob in (layer, config):
            self.blob(repository, blob)
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": lib.MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                       "digest": lib.digest(config), "size": len(config)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                        "digest": lib.digest(layer), "size": len(layer)}],
        }).encode()
        path = f"/v2/{repository}/manifests/t{count}"
        code, _, body = self.server.request("PUT", path, manifest, {"Content-Type": lib.MANIFEST})
        if code == 201:
            self.manifests[(repository, lib.digest(manifest))] = manifest
        elif code < 500:
            raise SystemExit(f"e2e: FAILED: {path}: {code} {body}")

    def blob(self, repository, data):
        code, headers, _ = self.server.request("POST", f"/v2/{repository}/blobs/uploads/", b"")
        if code != 202:
            raise OSError(code)
        location = headers["location"]
        location = location[location.index("/v2/"):]
        joint = "&" if "?" in location else "?"
        code, _, _ = self.server.request("PUT", f"{location}{joint}digest={lib.digest(data)}", data)
        if code != 201:
            raise OSError(code)
        self.blobs[(repository, lib.digest(data))] = len(data)


def wait_for_scans(server, manifests):
    deadline = time.monotonic() + 90
    for repository, digest in manifests:
        while True:
            code, _, body = server.request("GET", f"/api/v1/scans/{digest}")
            if code == 200:
                break
            if code != 202 or time.monotonic() > deadline:
                raise SystemExit(f"e2e: FAILED: the scan of {repository}@{digest} is at {code} {body}")
            time.sleep(0.05)


def main(directory, db):
    moments = random.Random(SEED)
    server = lib.Server(directory / "data", db)
    pushers = [Pusher(server, number, []) for number in range(3)]
    for pusher in pushers:
        pusher.start()
    for _ in range(CRASHES):
        time.sleep(moments.uniform(0.05, 0.8))
        server.kill()
        server.start()
    for pusher in pushers:
        pusher.done.set()
        pusher.join(timeout=60)
    server.kill()
    server.start()
    blobs = {key: size for pusher in pushers for key, size in pusher.blobs.items()}
    manifests = {key: body for pusher in pushers for key, body in pusher.manifests.items()}
    for (repository, digest), size in blobs.items():
        code, _, body = server.request("GET", f"/v2/{repository}/blobs/{digest}")
        if code != 200 or len(body) != size or lib.digest(body) != digest:
            raise SystemExit(f"e2e: FAILED: acknowledged blob {repository}@{digest} is lost ({code})")
    for (repository, digest), body in manifests.items():
        code, _, got = server.request("GET", f"/v2/{repository}/manifests/{digest}")
        if code != 200 or got != body:
            raise SystemExit(f"e2e: FAILED: acknowledged manifest {repository}@{digest} is lost ({code})")
    check(len(manifests) > CRASHES, f"{len(blobs)} blobs and {len(manifests)} manifests outlived {CRASHES} kills")
    wait_for_scans(server, manifests)
    check(True, "every scan came to its end")
    check(server.stop() == 0, "the server ends with 0 when asked")
