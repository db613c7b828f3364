"""Indexes of several platforms, pushed by skopeo and asked for by the AWS command line, once each."""

import gzip
import json

import images
import lib
from lib import check, run

COPY = ("skopeo", "copy", "--all", "--insecure-policy", "--dest-tls-verify=false")
# After records of Alpine's secdb, 2026-11.
SECDB = {"openssl": {"3.3.1-r0": ["CVE-2024-4741"]}, "zlib": {"1.3.1-r0": ["CVE-2023-45853"]}}
BASE = lib.tar_of({"etc/os-release": b"ID=alpine\nVERSION_ID=3.20.0\n"})
SSL = "P:libssl3\nV:3.3.0-r0\nA:any\no:openssl\n\n"
ZLIB = "P:zlib\nV:1.3-r0\nA:any\no:zlib\n\n"


def database(directory):
    feed = directory / "feeds" / "alpine-secdb" / "v3.20"
    feed.mkdir(parents=True)
    packages = [{"pkg": {"name": name, "secfixes": fixes}} for name, fixes in SECDB.items()]
    for name, rows in (("main", packages), ("community", [])):
        document = {"distroversion": "v3.20", "reponame": name, "packages": rows}
        (feed / f"{name}.json").write_text(json.dumps(document))
    run(lib.LAZARET, "db", "build", "--from", directory / "feeds", "--out", directory / "db")
    return directory / "db"


def manifest(config, layers):
    document = {"schemaVersion": 2, "mediaType": lib.MANIFEST, "config": images.descriptor(images.CONFIG, config),
                "layers": layers}
    return json.dumps(document).encode()


def image(blobs, architecture, tars):
    """A manifest of layers for a platform; its blobs are added to those of the layout."""
    rootfs = {"type": "layers", "diff_ids": [lib.digest(layer) for layer in tars]}
    config = json.dumps({"architecture": architecture, "os": "linux", "rootfs": rootfs, "config": {}}).encode()
    layers = [gzip.compress(layer, 6, mtime=0) for layer in tars]
    made = manifest(config, [images.descriptor(images.LAYER, layer) for layer in layers])
    blobs += [config, *layers, made]
    return made


def attestation(blobs):
    """A manifest as buildkit adds one to an index, and what the index says of it."""
    statement = b'{"_type":"https://in-toto.io/Statement/v0.1"}'
    config = b'{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}'
    made = manifest(config, [images.descriptor("application/vnd.in-toto+json", statement)])
    blobs += [statement, config, made]
    marked = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    return {**entry(made, "unknown", "unknown"), **marked}


def entry(made, system, architecture, variant=None):
    platform = {"os": system, "architecture": architecture, **({"variant": variant} if variant else {})}
    return {**images.descriptor(lib.MANIFEST, made), "platform": platform}


def layout(directory):
    """A layout with two indexes: `good` with an attestation, `half` with an image of no packages."""
    blobs = []
    packages = [lib.tar_of({"lib/apk/db/installed": text.encode()}) for text in (SSL + ZLIB, SSL)]
    amd64 = entry(image(blobs, "amd64", [BASE, packages[0]]), "linux", "amd64")
    arm64 = entry(image(blobs, "arm64", [BASE, packages[1]]), "linux", "arm64", "v8")
    bare = entry(image(blobs, "riscv64", [lib.tar_of({"program": b"x"})]), "linux", "riscv64")
    named = []
    for name, entries in (("good", [amd64, arm64, attestation(blobs)]), ("half", [amd64, bare])):
        index = json.dumps({"schemaVersion": 2, "mediaType": images.INDEX, "manifests": entries}).encode()
        blobs.append(index)
        named.append({**images.descriptor(images.INDEX, index), "annotations": images.named(name)})
    return images.layout(directory / "layout", blobs, named)


def findings(server, tag):
    """Status, and identifier with platforms of each finding, from one call."""
    named = ("--repository-name", "multi", "--image-id", f"imageTag={tag}")
    answer = json.loads(server.aws("describe-image-scan-findings", *named))
    rows = answer["imageScanFindings"]["findings"]
    attributes = [{one["key"]: one["value"] for one in row["attributes"]} for row in rows]
    found = [(row["name"], of["package_name"], of["platforms"]) for row, of in zip(rows, attributes)]
    return answer["imageScanStatus"], found


def main(directory, _db):
    source = layout(directory)
    (directory / "data").mkdir()
    server = lib.Server(directory / "data", database(directory))
    try:
        walk(server, source, directory / "auth.json")
    finally:
        server.stop()


def walk(server, source, auth):
    login = ("skopeo", "login", "--tls-verify=false", "--authfile", auth)
    run(*login, "--username", server.key_id, "--password", server.secret, server.host)
    for tag in ("good", "half"):
        run(*COPY, "--authfile", auth, f"oci:{source}:{tag}", f"docker://{server.host}/multi:{tag}")
        status, found = findings(server, tag)
        check(status["status"] == "COMPLETE", f"{tag}: the first call after the push has a complete scan")
        both = "linux/amd64, linux/arm64/v8" if tag == "good" else "linux/amd64"
        expected = [("CVE-2023-45853", "zlib", "linux/amd64"), ("CVE-2024-4741", "libssl3", both)]
        check(found == expected, f"{tag}: each finding once, with its platforms")
        named = "it could not be scanned" in status["description"]
        check(named == (tag == "half"), f"{tag}: what could not be scanned is named, and nothing else")
    ids = ("--repository-name", "multi", "--image-ids", "imageTag=good")
    detail = json.loads(server.aws("describe-images", *ids))["imageDetails"][0]
    counts = detail["imageScanFindingsSummary"]["findingSeverityCounts"]
    check(counts == {"UNDEFINED": 2}, "the index is counted as one")
    started = json.loads(server.aws("start-image-scan", "--repository-name", "multi", "--image-id", "imageTag=good"))
    check(started["imageScanStatus"]["status"] == "IN_PROGRESS", "a scan of the index can be asked for")
    wait = ("wait", "image-scan-complete", "--repository-name", "multi", "--image-id", "imageTag=good")
    run("aws", "ecr", *wait, env=server.aws_env())
    code, _, body = server.request("GET", f"/api/v1/scans/{detail['imageDigest']}")
    document = json.loads(body)
    check((code, document["schema"]) == (200, "lazaret.index/1"), "it is a document of its own")
    members = [(member["platform"], member["state"]) for member in document["members"]]
    expected = [("linux/amd64", "complete"), ("linux/arm64/v8", "complete")]
    check(members == expected, "its members are the images, and not the attestation")
