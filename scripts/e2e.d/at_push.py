"""The scan comes with the push: the first call after it has the findings, with nothing in between."""

import hashlib
import io
import json
import os
import random
import tarfile
import time
import types
import zlib

import images
import ledger
import lib
from client import NotHere
from clients import COPY, findings_of_ecr
from debian import Docker
from lib import check, run
from synthetic import demand

ROOTFS = "alpine/alpine-minirootfs-20210212-x86_64.tar.gz"
EXPECTED = "alpine-20210212"
ROUNDS = 5
MIB = 1 << 20


class Source:
    """A root file system of which any number of layers can be made that nobody has seen, each at little cost."""

    def __init__(self, extra):
        """`extra` is how many MiB are added to it: half of them can be packed well."""
        buffer = io.BytesIO(lib.unpacked(lib.ROOTFS / ROOTFS))
        noise = random.Random(extra)
        with tarfile.open(fileobj=buffer, mode="a") as archive:
            for number in range(extra // 4):
                entry = tarfile.TarInfo(f"srv/data-{number}")
                entry.size = 4 * MIB
                text = (b"%d " % noise.randrange(10**9)) * (MIB // 4)
                archive.addfile(entry, io.BytesIO((noise.randbytes(2 * MIB) + text)[:entry.size].ljust(entry.size)))
        self.tar = buffer.getvalue().rstrip(b"\0")
        self.tar += b"\0" * (-len(self.tar) % 512)
        self.packed = zlib.compressobj(1, wbits=31)
        self.start = self.packed.compress(self.tar)
        self.hash = hashlib.sha256(self.tar)

    def image(self, salt):
        """What `images.layout` and `images.docker_archive` take."""
        rest = lib.tar_of({"srv/salt": salt.encode()})
        packed, digest = self.packed.copy(), self.hash.copy()
        layer = self.start + packed.compress(rest) + packed.flush()
        digest.update(rest)
        diff_id = f"sha256:{digest.hexdigest()}"
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
                             "rootfs": {"type": "layers", "diff_ids": [diff_id]}}).encode()
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": lib.MANIFEST, "config": images.descriptor(images.CONFIG, config),
            "layers": [images.descriptor(images.LAYER, layer)],
        }).encode()
        return types.SimpleNamespace(config=config, tars=[self.tar + rest], layers=[layer], manifest=manifest,
                                     digest=lib.digest(manifest))


def first_call(server, repository, tag, expected, told):
    """The one call, which nothing waits for and nothing repeats."""
    begun = time.monotonic()
    answer, found = findings_of_ecr(server, repository, tag)
    status = answer["imageScanStatus"]["status"]
    if status != "COMPLETE" or found != expected:
        raise SystemExit(f"e2e: FAILED: {told}: {answer['imageScanStatus']} with {len(found)} findings")
    return time.monotonic() - begun


def by_skopeo(directory, server, source, name, expected):
    took = []
    for number in range(ROUNDS):
        image = source.image(f"skopeo {name} {number}")
        entry = {**images.descriptor(lib.MANIFEST, image.manifest), "annotations": images.named("now")}
        layout = images.layout(directory / f"{name}-{number}", [*image.layers, image.config, image.manifest], [entry])
        begun = time.monotonic()
        run(*COPY, "--dest-creds", f"{server.key_id}:{server.secret}", f"oci:{layout}:now",
            f"docker://{server.host}/now/skopeo-{name}:{number}")
        took.append(time.monotonic() - begun)
        first_call(server, f"now/skopeo-{name}", str(number), expected, f"skopeo, {name}")
    told(took, f"skopeo pushes {name} {ROUNDS} times, and each time the next call has its {len(expected)} findings")


def by_docker(client, source, name, expected):
    took, server = [], client.server
    for number in range(ROUNDS):
        archive = client.directory / "docker.tar"
        images.docker_archive(archive, source.image(f"docker {name} {number}"))
        reference = client.reference(str(number), f"now/docker-{name}")
        image = client.loaded(archive, reference)
        begun = time.monotonic()
        client.call("push", reference)
        took.append(time.monotonic() - begun)
        first_call(server, f"now/docker-{name}", str(number), expected, f"docker, {name}")
        client.call("rmi", "--force", image)
    told(took, f"docker pushes {name} {ROUNDS} times, and each time the next call has its {len(expected)} findings")


def by_hand(server, source, name, expected):
    """The next request of the program that pushes, so that not even a program has to start in between."""
    repository, took = f"now/hand-{name}", []
    for number in range(ROUNDS):
        image = source.image(f"hand {name} {number}")
        for data in (*image.layers, image.config):
            path = f"/v2/{repository}/blobs/uploads/?digest={lib.digest(data)}"
            demand(server.request("POST", path, data), 201)
        begun = time.monotonic()
        path, headers = f"/v2/{repository}/manifests/{number}", {"Content-Type": lib.MANIFEST}
        headers, _ = demand(server.request("PUT", path, image.manifest, headers), 201)
        took.append(time.monotonic() - begun)
        status, answer = ledger.ecr(server, "DescribeImageScanFindings",
                                    {"repositoryName": repository, "imageId": {"imageTag": str(number)}})
        counts = answer.get("imageScanFindings", {}).get("findingSeverityCounts", {})
        if status != 200 or answer["imageScanStatus"]["status"] != "COMPLETE" or sum(counts.values()) != len(expected):
            raise SystemExit(f"e2e: FAILED: {name} by hand: {answer}")
        if headers.get("lazaret-scan-status") != "complete":
            raise SystemExit(f"e2e: FAILED: the push of {name} answered {headers}")
    told(took, f"{name} pushed by hand {ROUNDS} times: the very next request has the {len(expected)} findings")


def told(took, what):
    check(True, f"{what} ({1000 * min(took):.0f} to {1000 * max(took):.0f} ms a push)")


def main(directory, db):
    server = lib.Server(directory / "data", db)
    expected = lib.expected(EXPECTED)
    sources = {"alpine": Source(0), "large": Source(200)}
    try:
        for name, source in sources.items():
            by_hand(server, source, name, expected)
            by_skopeo(directory, server, source, name, expected)
        (directory / "docker").mkdir()
        client = Docker(types.SimpleNamespace(directory=directory / "docker", server=server, images=None,
                                              host=server.host))
        try:
            client.start()
            client.login()
            for name, source in sources.items():
                by_docker(client, source, name, expected)
        except NotHere as reason:
            if os.environ.get("CI"):
                raise SystemExit(f"e2e: FAILED: docker: {reason}") from reason
            print(f"  docker NOT RUN: {reason}", flush=True)
        finally:
            client.stop()
    finally:
        check(server.stop() == 0, "the server ends with 0 when asked")
