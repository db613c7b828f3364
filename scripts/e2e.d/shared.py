"""Several servers on one PostgreSQL and one bucket, with no disk in common; and the stores' own suites on both.

ROUNDS says how many images each pusher pushes to the two servers (default 12).
"""

import json
import os
import random
import subprocess
import threading
import time

import ledger
import lib
import postgres
import s3
from lib import check

SEED = int(os.environ.get("SEED", "20261125"))
ROUNDS = int(os.environ.get("ROUNDS", "12"))
PUSHERS = 4


class Shared(lib.Server):
    """A server whose stores are elsewhere."""

    def __init__(self, data, stores, db=None, admin=None):
        self.stores, self.admin = stores, admin
        data.mkdir(parents=True)
        super().__init__(data, db)

    def command(self):
        return [*super().command(), *self.stores.flags]

    def start(self):
        os.environ.update(self.stores.env)
        if self.admin:
            # The first key is made by the first server only.
            source = self.admin.data / "admin-key.json"
            (self.data / "admin-key.json").write_text(source.read_text())
        super().start()


class Stores:
    """Where shared stores are, as flags and environment."""

    def __init__(self, url, prefix, bucket, key_file):
        endpoint, name, key, secret = bucket
        self.flags = ["--metadata", url, "--blobs", f"s3://{name}/{prefix}", "--s3-endpoint", endpoint,
                      "--s3-allow-http", "--sealing-key", str(key_file)]
        self.env = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}


def suites(url, bucket):
    env = {**os.environ, "LAZARET_TEST_POSTGRES": url, "LAZARET_TEST_S3": s3.address(*bucket)}
    command = ["cargo", "test", "--quiet", "--locked", "-p", "store", "--test", "conformance", "--", "--ignored",
               "postgres_", "real_s3_"]
    done = subprocess.run(command, cwd=lib.ROOT, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"e2e: FAILED: the stores' suites\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
    ended = [line for line in done.stdout.splitlines() if line.startswith("test result: ok")]
    passed = sum(int(line.split(" passed")[0].split()[-1]) for line in ended)
    check(passed > 60, f"{passed} cases of the stores' suites on PostgreSQL and S3")


def image(number, size, noise):
    status = f"Package: p\nStatus: install ok installed\nVersion: {number}\n\n".encode()
    layer = lib.tar_of({"etc/os-release": b"ID=debian\nVERSION_ID=10\n", "var/lib/dpkg/status": status,
                        "noise": noise.randbytes(size)})
    config, manifest = ledger.image(str(number), layer, {})
    return config, layer, manifest


def push_blob(servers, repository, data, pieces, choose):
    """Pushes a blob in pieces, each to a server by chance: an upload belongs to no server."""
    for _ in range(50):
        code, headers, _ = choose(servers).request("POST", f"/v2/{repository}/blobs/uploads/", b"")
        if code != 202:
            continue
        location = headers["location"][headers["location"].index("/v2/"):]
        size = max(1, -(-len(data) // pieces))
        for begin in range(0, len(data), size):
            code, _, body = choose(servers).request("PATCH", location, data[begin:begin + size])
            if code != 202:
                break
        if code == 202:
            code, _, body = choose(servers).request("PUT", f"{location}?digest={lib.digest(data)}", b"")
        if code == 201:
            return
        if code not in (404, 409, 416, 500, 503):
            raise SystemExit(f"e2e: FAILED: a blob: {code} {body}")
    raise SystemExit("e2e: FAILED: a blob cannot be pushed in 50 tries")


def push(servers, repository, tag, made, choose, pieces=1):
    config, layer, manifest = made
    push_blob(servers, repository, layer, pieces, choose)
    push_blob(servers, repository, config, 1, choose)
    for _ in range(50):
        code, _, body = choose(servers).request(
            "PUT", f"/v2/{repository}/manifests/{tag}", manifest, {"Content-Type": lib.MANIFEST})
        if code == 201:
            return
        if code < 500:
            break
    raise SystemExit(f"e2e: FAILED: a manifest: {code} {body}")


class Pusher(threading.Thread):
    """Pushes images to both servers by turns, some of them the same that others push."""

    def __init__(self, servers, common, number):
        super().__init__(daemon=True)
        self.servers, self.common, self.number = servers, common, number
        self.random, self.pushed, self.failure = random.Random(SEED + number), {}, None

    def choose(self, servers):
        return self.random.choice(servers)

    def run(self):
        try:
            for turn in range(ROUNDS):
                shared = self.random.random() < 0.5
                made = self.random.choice(self.common) if shared else image(
                    f"{self.number}.{turn}", self.random.randrange(300_000), self.random)
                repository = "common/app" if shared else f"own/{self.number}"
                push(self.servers, repository, f"t{turn}", made, self.choose, self.random.choice((1, 3)))
                self.pushed[(repository, lib.digest(made[2]))] = made
        except BaseException as error:  # noqa: BLE001: told by the main thread
            self.failure = error


def compare(servers, pushed):
    for (repository, digest), made in pushed.items():
        for server in servers:
            code, _, body = server.request("GET", f"/v2/{repository}/manifests/{digest}")
            check_quietly(code == 200 and body == made[2], f"{repository}@{digest}: {code}")
            for blob in made[:2]:
                code, _, body = server.request("GET", f"/v2/{repository}/blobs/{lib.digest(blob)}")
                check_quietly(code == 200 and body == blob, f"{repository}: a blob: {code}")


def check_quietly(condition, what):
    if not condition:
        raise SystemExit(f"e2e: FAILED: {what}")


def scans_end(server, pushed):
    deadline = time.monotonic() + 120
    for _, digest in pushed:
        while True:
            code, _, body = server.request("GET", f"/api/v1/scans/{digest}")
            if code == 200:
                break
            check_quietly(code == 202 and time.monotonic() < deadline, f"the scan of {digest}: {code} {body}")
            time.sleep(0.05)


def counted(server, name):
    text = server.request("GET", "/metrics")[2].decode()
    lines = [line for line in text.splitlines() if line.startswith(f"lazaret_{name}")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def side_by_side(directory, stores, db):
    first = Shared(directory / "one" / "data", stores, db)
    second = Shared(directory / "two" / "data", stores, db, admin=first)
    servers, noise = [first, second], random.Random(SEED)
    both = random.Random(SEED)
    big = image("big", 20 << 20, noise)
    push(servers, "large/app", "latest", big, both.choice, pieces=7)
    compare(servers, {("large/app", lib.digest(big[2])): big})
    check(True, "a blob of 20 MiB came in seven pieces to two servers, and both serve it")

    common = [image(f"common-{number}", 100_000, noise) for number in range(3)]
    pushers = [Pusher(servers, common, number) for number in range(PUSHERS)]
    for pusher in pushers:
        pusher.start()
    while any(pusher.is_alive() for pusher in pushers):
        code, _, body = both.choice(servers).request("POST", "/api/v1/admin/collect", b"")
        check_quietly(code == 200, f"a collection: {code} {body}")
        time.sleep(0.3)
    for pusher in pushers:
        check_quietly(pusher.failure is None, f"a pusher: {pusher.failure}")
    pushed = {key: made for pusher in pushers for key, made in pusher.pushed.items()}
    compare(servers, pushed)
    check(True, f"{len(pushed)} images of {PUSHERS} pushers at both servers, garbage collected meanwhile: all there")
    scans_end(second, pushed)
    scans = sum(counted(server, "scans_total") for server in servers)
    images = len({digest for _, digest in pushed}) + 1
    # Two who push the same at the same time may both look at it.
    check(images <= scans <= PUSHERS * ROUNDS + 1, f"{images} images were scanned, {scans:.0f} scans by the two servers")
    check(counted(first, "jobs") == 0, "no job is left over")

    # One of them dies in the middle of its work; the other goes on with it.
    late = {}
    for number in range(5):
        made = image(f"late-{number}", 200_000, noise)
        push([first], "late/app", f"t{number}", made, both.choice)
        late[("late/app", lib.digest(made[2]))] = made
    first.kill()
    compare([second], late)
    scans_end(second, late)
    check(True, "the jobs of a server that was killed are done by the other")
    first.start()

    code, _, body = first.request("POST", "/api/v1/keys", json.dumps({}).encode(),
                                  {"Content-Type": "application/json"})
    made = json.loads(body)
    check_quietly(code in (200, 201), f"a key: {code} {body}")
    key, secret = made["access_key_id"], made["secret_access_key"]
    other = lib.Server.authorization
    second.key_id, second.secret, before = key, secret, (second.key_id, second.secret)
    check_quietly(other(second).startswith("Basic "), "a header")
    check(second.request("GET", "/v2/")[0] == 200, "a key that one server made is good at the other")
    check_quietly(first.request("DELETE", f"/api/v1/keys/{key}")[0] in (200, 204), "a key is deleted")
    check(second.request("GET", "/v2/")[0] == 401, "and it ends there as soon as it is revoked here")
    second.key_id, second.secret = before
    out = lib.run(lib.LAZARET, "admin", "verify", "--data", first.data, *stores.flags, env=stores.env)
    check(out.strip().endswith("all is well"), f"admin verify: {out.strip()}")
    for server in servers:
        check_quietly(server.stop() == 0, "a server ends with 0")


def moved(directory, database, bucket):
    """An embedded registry, exported and imported into shared stores."""
    (directory / "embedded").mkdir()
    embedded = lib.Server(directory / "embedded" / "data")
    noise, pushed = random.Random(SEED), {}
    for number in range(6):
        made = image(f"moved-{number}", 400_000, noise)
        push([embedded], f"moved/{number % 2}", f"t{number}", made, noise.choice)
        pushed[(f"moved/{number % 2}", lib.digest(made[2]))] = made
    scans_end(embedded, pushed)
    check_quietly(embedded.stop() == 0, "the embedded server ends with 0")
    stores = Stores(database("moved"), "moved", bucket, embedded.data / "secret.key")
    archive = directory / "registry.tar"
    lib.run(lib.LAZARET, "admin", "export", "--data", embedded.data, "--output", archive)
    lib.run(lib.LAZARET, "admin", "import", archive, "--data", directory / "import", *stores.flags, env=stores.env)
    refused = subprocess.run(
        [lib.LAZARET, "admin", "import", archive, "--data", directory / "import", *stores.flags],
        env={**os.environ, **stores.env}, capture_output=True, text=True)
    check(refused.returncode == 1 and "not empty" in refused.stderr, "a second import is refused")
    server = Shared(directory / "moved" / "data", stores, admin=embedded)
    compare([server], pushed)
    scans_end(server, pushed)
    made = image("after", 1000, noise)
    push([server], "moved/0", "after", made, noise.choice)
    check(True, f"{len(pushed)} images, their scans and the first key came over from an embedded registry")
    check_quietly(server.stop() == 0, "the server ends with 0")


def main(directory, db):
    (directory / "s3").mkdir()
    bucket = s3.start_s3(directory / "s3")
    with postgres.Cluster(directory / "postgres") as cluster:
        suites(cluster.database("postgres"), bucket)
        stores = Stores(cluster.database("shared"), "shared", bucket, directory / "secret.key")
        side_by_side(directory, stores, db)
        moved(directory, cluster.database, bucket)
