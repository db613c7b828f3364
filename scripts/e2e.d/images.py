"""Images for clients to push, and what must be in the registry and on disk afterwards."""

import gzip
import hashlib
import io
import json
import pathlib
import random
import tarfile
import zlib

import lib

CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PLATFORMS = ("amd64", "arm64")


class Image:
    """An image of two layers for one platform, the lower one shared with the other platform's."""

    def __init__(self, seed, architecture):
        filler = random.Random(seed).randbytes(1_500_000)
        self.tars = [
            lib.tar_of({"etc/os-release": b"ID=debian\nVERSION_ID=12\n", "srv/filler": filler}),
            lib.tar_of({"etc/architecture": f"{architecture} {seed}\n".encode()}),
        ]
        self.architecture = architecture
        self.diff_ids = [lib.digest(layer) for layer in self.tars]
        self.config = json.dumps({
            "architecture": architecture,
            "os": "linux",
            "created": "2026-11-24T00:00:00Z",
            "config": {"Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
            "history": [{"created": "2026-11-24T00:00:00Z", "created_by": "e2e"} for _ in self.tars],
        }).encode()
        self.layers = [gzip.compress(layer, 6, mtime=0) for layer in self.tars]
        self.manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": lib.MANIFEST,
            "config": descriptor(CONFIG, self.config),
            "layers": [descriptor(LAYER, layer) for layer in self.layers],
        }).encode()
        self.digest = lib.digest(self.manifest)
        self.blobs = [self.config, *self.layers, self.manifest]


class Images:
    """One image, and an index of it and its sibling, as layouts: `one`, and `many` as well."""

    def __init__(self, directory, seed):
        self.images = [Image(seed, architecture) for architecture in PLATFORMS]
        self.one = self.images[0]
        entries = [
            {**descriptor(lib.MANIFEST, image.manifest), "platform": {"os": "linux", "architecture": image.architecture}}
            for image in self.images
        ]
        self.index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        self.digest = lib.digest(self.index)
        one = {**descriptor(lib.MANIFEST, self.one.manifest), "annotations": named("one")}
        many = {**descriptor(INDEX, self.index), "annotations": named("many")}
        others = [
            {**descriptor(lib.MANIFEST, image.manifest), "annotations": named(image.architecture)}
            for image in self.images
        ]
        blobs = [self.index, *(blob for image in self.images for blob in image.blobs)]
        self.layout = layout(directory / "layout", blobs, [one, many, *others])
        # For clients that take a layout as a whole.
        self.layout_of_one = layout(directory / "one", self.one.blobs, [one])
        self.layout_as_index = layout(directory / "index", blobs, entries)
        self.archive = directory / "docker.tar"
        docker_archive(self.archive, self.one)


def descriptor(media_type, data):
    return {"mediaType": media_type, "digest": lib.digest(data), "size": len(data)}


def named(tag):
    return {"org.opencontainers.image.ref.name": tag}


def layout(directory, blobs, entries):
    place = directory / "blobs" / "sha256"
    place.mkdir(parents=True)
    for blob in blobs:
        (place / hashlib.sha256(blob).hexdigest()).write_bytes(blob)
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    (directory / "index.json").write_text(json.dumps(index))
    return directory


def docker_archive(path, image):
    """What `docker load` reads; the image has no name in it."""
    config = hashlib.sha256(image.config).hexdigest() + ".json"
    layers = [f"{number}/layer.tar" for number, _ in enumerate(image.tars)]
    manifest = [{"Config": config, "RepoTags": None, "Layers": layers}]
    files = {config: image.config, **dict(zip(layers, image.tars)), "manifest.json": json.dumps(manifest).encode()}
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def demand(condition, what):
    """Ends a check that fails."""
    if not condition:
        raise SystemExit(f"e2e: FAILED: {what}")


def push_raw(server, repository, images):
    """Puts the one image into a repository without any client, under the tag `one`."""
    image = images.one
    for data in (image.config, *image.layers):
        path = f"/v2/{repository}/blobs/uploads/?digest={lib.digest(data)}"
        code, _, body = server.request("POST", path, data)
        demand(code == 201, f"{path}: {code} {body}")
    headers = {"Content-Type": lib.MANIFEST}
    code, _, body = server.request("PUT", f"/v2/{repository}/manifests/one", image.manifest, headers)
    demand(code == 201, f"{repository}:one: {code} {body}")


def stored(server, repository, reference):
    """Digest and JSON of a manifest in the registry, its own digest checked."""
    accept = {"Accept": "*/*"}
    code, headers, body = server.request("GET", f"/v2/{repository}/manifests/{reference}", headers=accept)
    demand(code == 200, f"{repository}:{reference} is not there: {code} {body[:500]}")
    demand(headers["docker-content-digest"] == lib.digest(body), f"{repository}:{reference} has another digest")
    return lib.digest(body), json.loads(body)


def blob(server, repository, entry):
    """The bytes of a blob that a manifest names."""
    code, _, body = server.request("GET", f"/v2/{repository}/blobs/{entry['digest']}")
    demand(code == 200 and lib.digest(body) == entry["digest"], f"{repository}@{entry['digest']}: {code}")
    demand(len(body) == entry["size"], f"{repository}@{entry['digest']} has {len(body)} bytes, not {entry['size']}")
    return body


def same_image(server, repository, reference, image):
    """In the registry is the same image: configuration byte by byte, layers unpacked. Answers its
    digest, which is another where a client packs layers or writes manifests of its own."""
    digest, manifest = stored(server, repository, reference)
    demand(blob(server, repository, manifest["config"]) == image.config, f"{repository}: another configuration")
    unpacked = [lib.digest(plain(blob(server, repository, entry))) for entry in manifest["layers"]]
    demand(unpacked == image.diff_ids, f"{repository}: other layers")
    return digest


def plain(data):
    return zlib.decompress(data, wbits=47) if data[:2] == b"\x1f\x8b" else data


def in_layout(directory, digest):
    """In a layout is a manifest with all that it names, every byte checked."""
    place = pathlib.Path(directory) / "blobs"

    def read(name):
        data = (place / name.replace(":", "/")).read_bytes()
        demand(lib.digest(data) == name, f"{directory}: {name} holds other bytes")
        return data

    manifest = json.loads(read(digest))
    for entry in manifest.get("manifests", []):
        in_layout(directory, entry["digest"])
    for entry in [manifest["config"], *manifest["layers"]] if "layers" in manifest else []:
        demand(len(read(entry["digest"])) == entry["size"], f"{directory}: {entry['digest']} has another size")
