"""What a registry has acknowledged, and whether it still holds it.

A fact is a key with what must be read back under it; None says that nothing is there:

    ("repository", name)                       True
    ("blob", repository, digest)               its bytes
    ("manifest", repository, digest)           its bytes
    ("tag", repository, tag)                   a digest
    ("referrer", repository, subject, digest)  True
    ("upload", location)                       how many bytes were acknowledged, and all that shall come
    ("scan", digest)                           the packages that were found, or PENDING
    ("token", token)                           True
    ("key", identifier, secret)                True
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import json

import lib

PENDING = "pending"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
INDEX = "application/vnd.oci.image.index.v1+json"


class Cut(Exception):
    """The server went away in the middle of a request."""


class Full(Exception):
    """The server says that it has no room: nothing was changed."""


class Lost(Exception):
    """The server holds something else than it acknowledged."""


class Ledger:
    """The facts of one client that does one thing at a time."""

    def __init__(self):
        self.facts = {}
        # What the request under way would change: it may have happened or not.
        self.maybe = {}
        # Whether bytes may have been lost that were not synced: uploads under way can be gone then.
        self.lossy = False
        # Repositories that others push to as well: what is not there yet may come at any time.
        self.common = set()

    def ask(self, server, wanted, changes, method, path, body=b"", headers=None):
        """One request; its changes become facts when it is answered as wanted."""
        self.maybe = changes
        status, headers, answer = ask(server, method, path, body, headers)
        if status == 507:
            self.refused()
        if status != wanted:
            raise Lost(f"{method} {path}: {status} instead of {wanted}: {answer[:500]}")
        self.acknowledge()
        return headers, answer

    def ecr(self, server, changes, operation, **members):
        self.maybe = changes
        status, answer = ecr(server, operation, members)
        if status == 500:
            self.refused()
        if status != 200 and answer.get("__type") != "RepositoryAlreadyExistsException":
            raise Lost(f"{operation}: {status}: {answer}")
        self.acknowledge()
        return answer

    def refused(self):
        """No change may have happened; but an upload may hold more, or have ended before its blob was linked."""
        self.maybe = {key: value for key, value in self.maybe.items() if key[0] == "upload"}
        raise Full

    def acknowledge(self):
        self.facts.update(self.maybe)
        self.maybe = {}

    def check(self, server):
        """Reads everything back."""
        self.settle(server)
        for key in self.facts:
            self.compare(server, key)

    def settle(self, server):
        """Looks what the request under way did or did not, which is known from then on."""
        for key in self.maybe:
            got = self.compare(server, key)
            if got is None and key[1] in self.common:
                continue
            if key[0] != "upload" or got is None:
                self.facts[key] = got
        self.maybe = {}

    def compare(self, server, key):
        """Reads one fact back; answers what is there."""
        allowed = [state[key] for state in (self.facts, self.maybe) if key in state]
        if key not in self.facts:
            allowed.append(None)
        got = observe(server, key)
        if key[0] == "upload":
            holds = upload_holds(allowed, got, self.lossy)
        elif key[0] == "scan":
            # A scan that was asked for goes on: it may have ended since.
            holds = got in allowed or PENDING in allowed and got is not None
        else:
            holds = got in allowed
        if not holds:
            raise Lost(f"{key}: {shorten(got)} instead of {' or '.join(map(shorten, allowed))}")
        return got


def shorten(value):
    text = repr(value)
    return text if len(text) < 200 else f"{text[:100]}... ({len(text)})"


def upload_holds(allowed, got, lossy):
    """`got` is a length or None. Bytes that no answer spoke of may have been kept as well."""
    if got is None:
        return lossy or None in allowed
    states = [state for state in allowed if state is not None]
    least = 0 if lossy else min((length for length, _ in states), default=0)
    return any(least <= got <= len(data) for _, data in states)


def ask(server, method, path, body=b"", headers=None):
    try:
        return server.request(method, path, body, headers)
    except (OSError, http.client.HTTPException) as error:
        raise Cut from error


def observe(server, key):
    kind, *rest = key
    if kind in ("token", "key"):
        pair = base64.b64encode(":".join(["AWS", *rest][-2:]).encode()).decode()
        status, _, _ = server.request("GET", "/v2/", headers={"Authorization": f"Basic {pair}"}, auth=False)
        return {200: True, 401: None}[status]
    if kind == "scan":
        status, _, body = ask(server, "GET", f"/api/v1/scans/{rest[0]}")
        if status == 200:
            return packages(body)
        return {202: PENDING, 404: None}[status]
    if kind == "upload":
        status, headers, _ = ask(server, "GET", rest[0])
        return {204: lambda: length_of(headers["range"]), 404: lambda: None}[status]()
    if kind == "repository":
        status, _, body = ask(server, "GET", f"/v2/{rest[0]}/tags/list")
        return {200: True, 404: None}[status]
    if kind == "referrer":
        repository, subject, digest = rest
        status, _, body = ask(server, "GET", f"/v2/{repository}/referrers/{subject}")
        listed = status == 200 and any(row["digest"] == digest for row in json.loads(body)["manifests"])
        return True if listed else None
    folder = "blobs" if kind == "blob" else "manifests"
    status, headers, body = ask(server, "GET", f"/v2/{rest[0]}/{folder}/{rest[1]}")
    if status == 404:
        return None
    if status != 200:
        raise Lost(f"{key}: {status} {body[:500]}")
    digest = headers["docker-content-digest"]
    if digest_like(digest, body) != digest:
        raise Lost(f"{key}: what is served as {digest} has another hash")
    return digest if kind == "tag" else body


def length_of(text):
    """The header cannot tell one byte from none: no upload here is one byte long."""
    last = int(text.split("-")[1])
    return last + 1 if last else 0


def packages(body):
    return sorted(f"{row['name']} {row['version']}" for row in json.loads(body)["packages"])


def digest_like(digest, data):
    algorithm = digest.split(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def address(headers):
    location = headers["location"]
    return location[location.index("/v2/"):]


def with_digest(location, digest):
    return f"{location}{'&' if '?' in location else '?'}digest={digest}"


def check_files(data):
    """Every file under a digest's name holds bytes of that digest; answers how many there are."""
    count = 0
    for path in (data / "blobs").glob("*/*/*"):
        algorithm = path.parents[1].name
        with open(path, "rb") as file:
            if hashlib.file_digest(file, algorithm).hexdigest() != path.name:
                raise Lost(f"{path} holds other bytes than its name says")
        count += 1
    return count


def image(config_note, layer, versions):
    """A configuration and a manifest for a layer; answers both as bytes."""
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "history": [{"comment": config_note}],
        "rootfs": {"type": "layers", "diff_ids": [lib.digest(layer)]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": lib.MANIFEST, "annotations": versions,
        "config": {"mediaType": CONFIG, "digest": lib.digest(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": lib.digest(layer), "size": len(layer)}],
    }).encode()
    return config, manifest


def ecr(server, operation, members):
    """One operation of ECR's API, signed as AWS does (Signature Version 4)."""
    body = json.dumps(members).encode()
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"content-type": "application/x-amz-json-1.1", "host": server.host, "x-amz-date": stamp,
               "x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{operation}"}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/us-east-1/ecr/aws4_request"
    signed = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{server.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, signed.encode(), "sha256").hex()
    headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={server.key_id}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    try:
        status, _, answer = server.request("POST", "/", body, headers, auth=False)
    except (OSError, http.client.HTTPException) as error:
        raise Cut from error
    return status, json.loads(answer)
