"""Bad input: clear errors, nothing lost, never clean."""

import gzip
import json

import lib
from lib import check, run

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def put_blob(server, repository, data):
    code, headers, _ = server.request("POST", f"/v2/{repository}/blobs/uploads/", b"")
    assert code == 202, code
    location = headers["location"]
    location = location[location.index("/v2/"):]
    joint = "&" if "?" in location else "?"
    return server.request("PUT", f"{location}{joint}digest={lib.digest(data)}", data)[0]


def push(server, name, layer_blob, diff_id):
    """Pushes an image of one layer; answers its scan document or the reason that there is none."""
    config = json.dumps({"architecture": "amd64", "os": "linux",
                         "rootfs": {"type": "layers", "diff_ids": [diff_id]}}).encode()
    for blob in (layer_blob, config):
        assert put_blob(server, name, blob) == 201
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": lib.MANIFEST,
        "config": {"mediaType": CONFIG, "digest": lib.digest(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": lib.digest(layer_blob), "size": len(layer_blob)}],
    }).encode()
    code, _, body = server.request("PUT", f"/v2/{name}/manifests/latest", manifest, {"Content-Type": lib.MANIFEST})
    assert code == 201, body
    for _ in range(600):
        code, _, body = server.request("GET", f"/api/v1/scans/{lib.digest(manifest)}")
        if code != 202:
            return code, json.loads(body)
        lib.time.sleep(0.05)
    raise SystemExit("e2e: FAILED: a scan does not end")


def kinds(document):
    return {gap["kind"] for gap in document["coverage"]["gaps"]}


def main(directory, db):
    server = lib.Server(directory / "data", db)
    status = lib.unpacked(lib.ROOTFS / "reconstructed/debian-10.1-buster.dpkg.tar.zst")

    truncated = gzip.compress(status, mtime=0)
    code, scan = push(server, "hostile/gzip", truncated[: len(truncated) // 2], lib.digest(status))
    check(code == 422 or scan["coverage"]["verdict"] != "complete", "a broken gzip is not clean")

    package = b"Package: bash\nStatus: install ok installed\nVersion: 5.0-4\nArchitecture: amd64\n\n"
    garbage = lib.tar_of({
        "etc/os-release": b"ID=debian\nVERSION_ID=10\n",
        "var/lib/dpkg/status": package + b"\x00\xff garbage \x80\n\n" + package.replace(b"bash", b"dash"),
    })
    code, scan = push(server, "hostile/garbage", gzip.compress(garbage, mtime=0), lib.digest(garbage))
    names = [row["name"] for row in scan["packages"]]
    check(code == 200 and names == ["bash", "dash"], "what can be read around garbage is reported")
    check(scan["coverage"]["verdict"] == "incomplete" and "unreadable" in kinds(scan), "the garbage is a gap")

    nothing = lib.tar_of({"bin/program": b"\x7fELF"})
    code, scan = push(server, "hostile/scratch", gzip.compress(nothing, mtime=0), lib.digest(nothing))
    check(code == 422 and "UnsupportedImageError" in scan["detail"], "an image without packages is unsupported")
    ecr = json.loads(server.aws("describe-image-scan-findings", "--repository-name", "hostile/scratch",
                                "--image-id", "imageTag=latest"))
    check(ecr["imageScanStatus"]["status"] == "FAILED", "ECR calls it FAILED")
    check("The operating system and/or package manager are not supported." in
          ecr["imageScanStatus"]["description"], "in ECR's words")

    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": lib.MANIFEST,
        "config": {"mediaType": CONFIG, "digest": lib.digest(b"absent"), "size": 6}, "layers": [],
    }).encode()
    code, _, body = server.request("PUT", "/v2/hostile/garbage/manifests/x", manifest, {"Content-Type": lib.MANIFEST})
    errors = json.loads(body)["errors"]
    check(code in (400, 404) and errors[0]["code"] == "MANIFEST_BLOB_UNKNOWN", "a manifest without its blobs is refused")

    code, headers, _ = server.request("POST", "/v2/hostile/garbage/blobs/uploads/", b"")
    location = headers["location"][headers["location"].index("/v2/"):]
    joint = "&" if "?" in location else "?"
    code, _, body = server.request("PUT", f"{location}{joint}digest={lib.digest(b'one')}", b"another")
    check(code == 400 and json.loads(body)["errors"][0]["code"] == "DIGEST_INVALID", "a wrong digest is refused")

    feeds = directory / "feeds"
    (feeds / "alpine-secdb").mkdir(parents=True)
    (feeds / "alpine-secdb" / "main.json").write_text("{ broken")
    out = directory / "broken.db"
    run(lib.LAZARET, "db", "build", "--from", feeds, "--out", out, ok=(1,))
    check(not out.exists(), "a feed that does not parse leaves no database behind")
    run(lib.LAZARET, "db", "build", "--from", feeds, "--out", out, "--skip-broken")
    sources = json.loads(run(lib.LAZARET, "db", "status", "--db", out, "--format", "json"))["sources"]
    check(sources[0]["name"] == "alpine-secdb" and sources[0]["problems"], "--skip-broken names it in db status")

    run(lib.LAZARET, "scan", directory / "none", "--db", db, ok=(1,))
    run(lib.LAZARET, "scan", lib.ROOTFS / "alpine/alpine-minirootfs-3.18.9-x86_64.tar.gz", ok=(1,))
    check(True, "no target and no database are exit 1")
    alpine = lib.ROOTFS / "alpine/alpine-minirootfs-20210212-x86_64.tar.gz"
    run(lib.LAZARET, "scan", alpine, "--db", db, "--fail-on", "any", ok=(3,))
    run(lib.LAZARET, "scan", alpine, "--db", db, "--require-complete", ok=(4,))
    run(lib.LAZARET, "scan", alpine, "--db", db, "--fail-on", "nonsense", ok=(2,))
    check(True, "exit codes 2, 3 and 4")
    check(server.stop() == 0, "the server ends with 0 when asked")
