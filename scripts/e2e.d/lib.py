"""What the end-to-end checks share: a server of their own, HTTP, images made of root file systems."""

import base64
import gzip
import hashlib
import http.client
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Checks talk to this machine alone: no server fetches feeds.
os.environ.setdefault("LAZARET_UPDATE_EVERY", "0")

LAZARET = ROOT / "target" / "release" / "lazaret"
SHARED = pathlib.Path(os.environ["SHARED"])
ROOTFS = SHARED / "data" / "rootfs"
FEEDS = SHARED / "data" / "feeds"

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def check(condition, what):
    """Counts a check; a failed one ends the run."""
    if not condition:
        raise SystemExit(f"e2e: FAILED: {what}")
    check.passed += 1
    print(f"  ok  {what}", flush=True)


check.passed = 0


def same(got, wanted, what):
    """A check that two things are the same; shows them where they are not."""
    check(got == wanted, what if got == wanted else f"{what}: {got} instead of {wanted}")


def run(*command, env=None, ok=(0,), stdin=None, cwd=None):
    """Runs a program to its end; answers its standard output. Settings of ours are left behind."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LAZARET_")}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env={**clean, **(env or {})},
        input=stdin,
        cwd=cwd,
        timeout=600,
    )
    if done.returncode not in ok:
        raise SystemExit(
            f"e2e: FAILED: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


class Server:
    """A server on a free loopback port; it can be killed and started again on the same data."""

    def __init__(self, data, db=None, port=None):
        self.data = pathlib.Path(data)
        self.db = db
        if port is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.process = None
        self.start()

    def command(self):
        command = [LAZARET, "serve", "--data", self.data, "--listen", self.host]
        if self.db:
            command += ["--db", self.db]
        return [str(part) for part in command]

    def start(self):
        with open(self.data.parent / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env={**os.environ, "LAZARET_LOG": "warn"}
            )
        deadline = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                text = (self.data.parent / "server.log").read_text()
                raise SystemExit(f"e2e: FAILED: the server ended at its start\n{text}")
            try:
                if self.request("GET", "/healthz", auth=False)[0] == 200:
                    break
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise SystemExit("e2e: FAILED: the server does not answer")
            time.sleep(0.005)
        key = json.loads((self.data / "admin-key.json").read_text())
        self.key_id, self.secret = key["access_key_id"], key["secret_access_key"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def aws_env(self):
        return {
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_ECR": f"http://{self.host}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def aws(self, *words, ok=(0,)):
        return run("aws", "ecr", *words, "--output", "json", env=self.aws_env(), ok=ok)

    def authorization(self):
        return basic(self.key_id, self.secret)

    def request(self, method, path, body=None, headers=None, auth=True, timeout=60):
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        headers = dict(headers or {})
        if auth:
            headers["Authorization"] = self.authorization()
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            received = {}
            for name, value in answer.getheaders():
                # A header that comes twice, as challenges do, is one list.
                known = received.get(name.lower())
                received[name.lower()] = f"{known}, {value}" if known else value
            return answer.status, received, answer.read()
        finally:
            connection.close()


def basic(user, password):
    """The header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def unpacked(path):
    """A root file system's tar, whatever it is packed with."""
    if path.name.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout
    return gzip.decompress(path.read_bytes())


def oci_layout(directory, layer_tar, tag="latest"):
    """An OCI image layout of one gzip layer; answers the manifest's digest."""
    directory = pathlib.Path(directory)
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data):
        name = digest(data)
        (blobs / name.split(":")[1]).write_bytes(data)
        return {"digest": name, "size": len(data)}

    layer = put(gzip.compress(layer_tar, 6, mtime=0))
    config = put(
        json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [digest(layer_tar)]},
                "config": {},
            }
        ).encode()
    )
    manifest = put(
        json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **layer}],
            }
        ).encode()
    )
    index = {
        "schemaVersion": 2,
        "manifests": [
            {"mediaType": MANIFEST, **manifest, "annotations": {"org.opencontainers.image.ref.name": tag}}
        ],
    }
    (directory / "index.json").write_text(json.dumps(index))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return manifest["digest"]


def oci_archive(layout, path):
    """A tar of a layout, its entries sorted."""
    with tarfile.open(path, "w") as archive:
        for entry in sorted(pathlib.Path(layout).rglob("*")):
            archive.add(entry, entry.relative_to(layout), recursive=False)


def tar_of(files):
    """A tar of a few files, for images that no distribution makes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def expected(name):
    """A list of expected findings: (id, package, version)."""
    lines = (pathlib.Path(__file__).parent / "expected" / f"{name}.txt").read_text().splitlines()
    return sorted(tuple(line.split("\t")) for line in lines if not line.startswith("#"))
