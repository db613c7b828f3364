"""Small images of a few apk packages, advisories written for them, and who is told of what changes.

After records of osv.dev for Alpine, 2026-11; what they say is made up.
"""

import base64
import datetime
import hmac
import http.server
import json
import os
import shutil
import threading
import time

import ledger
import lib

OS_RELEASE = b"ID=alpine\nVERSION_ID=3.20.3\n"
ECOSYSTEM = "Alpine:v3.20"
SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")


def installed(packages):
    """apk's database of pairs of a name and a version."""
    rows = [f"P:{name}\nV:{version}\nA:x86_64\no:{name}\n\n" for name, version in packages]
    return "".join(rows).encode()


def base(packages, note=""):
    """A layer that names the distribution and holds packages."""
    files = {"etc/os-release": OS_RELEASE, "lib/apk/db/installed": installed(packages)}
    if note:
        files["srv/note"] = note.encode()
    return lib.tar_of(files)


class Image:
    """An image of uncompressed layers with known packages."""

    def __init__(self, note, layers, packages):
        self.layers, self.packages = layers, packages
        self.config = json.dumps({
            "architecture": "amd64", "os": "linux", "history": [{"comment": note}],
            "rootfs": {"type": "layers", "diff_ids": [lib.digest(layer) for layer in layers]},
        }).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": lib.MANIFEST,
            "config": descriptor(ledger.CONFIG, self.config),
            "layers": [descriptor(ledger.LAYER, layer) for layer in layers],
        }).encode()
        self.digest = lib.digest(self.manifest)

    def push(self, server, repository, tag, known):
        """Pushes what the repository does not hold yet; the headers of the last answer."""
        for data in (*self.layers, self.config):
            digest = lib.digest(data)
            if (repository, digest) in known:
                continue
            demand(ledger.ask(server, "POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data), 201)
            known.add((repository, digest))
        put = ledger.ask(server, "PUT", f"/v2/{repository}/manifests/{tag}", self.manifest,
                         {"Content-Type": lib.MANIFEST})
        return demand(put, 201)[0]


def descriptor(media_type, data):
    return {"mediaType": media_type, "digest": lib.digest(data), "size": len(data)}


def demand(answer, wanted):
    """Headers and JSON (or bytes) of an answer that must have a status."""
    status, headers, body = answer
    if status != wanted:
        raise SystemExit(f"e2e: FAILED: {status} instead of {wanted}: {headers} {body[:2000]}")
    return headers, body


def api(server, method, path, body=None, wanted=200, **options):
    """A request to the native API; its answer's JSON."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    answered = demand(server.request(method, f"/api/v1/{path}", body, **options), wanted)[1]
    return json.loads(answered) if answered else None


def record(identifier, package, severity="high", fixed=None, withdrawn=False, alias=None):
    """An advisory on one package. Without a fix, each version is affected."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT00:00:00Z")
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    made = {
        "schema_version": "1.7.0", "id": identifier, "modified": now, "published": now,
        "aliases": [alias] if alias else [], "summary": f"{package} trusts what it reads",
        "affected": [{"package": {"ecosystem": ECOSYSTEM, "name": package},
                      "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
        "database_specific": {"severity": severity.upper()},
    }
    return made | ({"withdrawn": now} if withdrawn else {})


class Advisories:
    """Advisory databases that `lazaret db build` makes of records, and the file that a server uses."""

    def __init__(self, directory):
        self.directory, self.built = directory, 0
        self.file = directory / "in-use.db"

    def build(self, records):
        """Builds a database beside the file in use; answers its path."""
        self.built += 1
        mirror = self.directory / f"mirror-{self.built}"
        (mirror / "osv-alpine").mkdir(parents=True)
        for one in records:
            (mirror / "osv-alpine" / f"{one['id']}.json").write_text(json.dumps(one))
        path = self.directory / f"{self.built}.db"
        lib.run(lib.LAZARET, "db", "build", "--from", mirror, "--out", path)
        return path

    def use(self, path):
        """Puts a built database in place by a rename; answers when that was."""
        beside = self.directory / "beside.db"
        shutil.copyfile(path, beside)
        os.rename(beside, self.file)
        return time.monotonic()


class Delivery:
    """A message that a receiver was sent, and whether it took it."""

    def __init__(self, name, document, taken):
        self.at, self.name, self.document, self.taken = time.monotonic(), name, document, taken


class Receiver:
    """Takes deliveries of one subscription on a port of its own, after it has checked each signature.

    `refuses` says of the next one whether it is answered with 500.
    """

    def __init__(self, refuses=lambda: False):
        self.deliveries, self.forged, self.secret, self.refuses = [], [], None, refuses
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver.take(self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/hook"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def take(self, headers, body):
        if not self.is_signed(headers, body):
            self.forged.append((dict(headers), body))
            return 401
        taken = not self.refuses()
        self.deliveries.append(Delivery(headers["webhook-id"], json.loads(body), taken))
        return 204 if taken else 500

    def is_signed(self, headers, body):
        """As docs/events.md says it."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
        fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return fresh and hmac.compare_digest(expected, headers["webhook-signature"])

    def taken(self, kind=None):
        """What it took, once each, in the order in which it came first."""
        first = {}
        for delivery in list(self.deliveries):
            if delivery.taken and (kind is None or delivery.document["type"] == f"dev.lazaret.{kind}.v1"):
                first.setdefault(delivery.name, delivery)
        return list(first.values())

    def wait(self, kind, count, seconds=30):
        """Waits until so many of a kind have come; answers all of that kind."""
        deadline = time.monotonic() + seconds
        while len(taken := self.taken(kind)) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"e2e: FAILED: {len(taken)} events of '{kind}' came in {seconds} s, not {count}")
            time.sleep(0.005)
        return taken

    def close(self):
        self.http.shutdown()
        self.http.server_close()
