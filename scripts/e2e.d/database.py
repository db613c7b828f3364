"""The advisory database on its way: real feeds are built, pushed to a running server as an artifact, pulled elsewhere,
bit by bit the same; after a small change only that moves; whatever was changed on the way is refused; a server keeps
itself up to date from there, and from a mirror of the feeds.
"""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import time

import lib
from lib import LAZARET, check, same

FEEDS = ("alpine-secdb-derived", "debian-security-tracker", "rustsec", "cisa-kev", "friendsofphp", "ruby-advisory-db")


def lazaret(server, *words, ok=(0,)):
    """Runs a command with the server's first key; what it says on standard error."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LAZARET_DB")}
    key = json.loads((server.data / "admin-key.json").read_text())
    environment |= {"LAZARET_ACCESS_KEY_ID": key["access_key_id"], "LAZARET_SECRET_ACCESS_KEY": key["secret_access_key"]}
    done = subprocess.run([str(word) for word in (LAZARET, *words)], env=environment, capture_output=True, text=True)
    if done.returncode not in ok:
        raise SystemExit(f"e2e: FAILED: {words} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stderr + done.stdout


def moved(text):
    """Blobs and bytes that a pull has fetched."""
    blobs, number, unit = re.search(r"; (\d+) blobs, ([\d.]+) (\w+) fetched", text).groups()
    return int(blobs), float(number) * {"B": 1, "bytes": 1, "KiB": 1024, "MiB": 1024 ** 2}[unit]


def changed(feeds):
    """One more record in one of the sources."""
    record = {"id": "RUSTSEC-2026-9999", "modified": "2026-11-25T00:00:00Z", "summary": "made for this check",
              "affected": [{"package": {"name": "e2e", "ecosystem": "crates.io"},
                            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0.0.0-0"}]}]}]}
    (feeds / "rustsec" / "RUSTSEC-2026-9999.json").write_text(json.dumps(record))


def with_changed_byte(archive, target):
    """The archive with one byte of its largest blob changed."""
    with tarfile.open(archive) as read, tarfile.open(target, "w") as written:
        largest = max(read.getmembers(), key=lambda member: member.size)
        for member in read.getmembers():
            data = bytearray(read.extractfile(member).read())
            if member.name == largest.name:
                data[len(data) // 2] ^= 1
            written.addfile(member, io.BytesIO(bytes(data)))


def travel(directory, server, feeds):
    """Built, pushed, pulled; and once more after a change."""
    one, two, there = directory / "one.db", directory / "two.db", directory / "elsewhere" / "there.db"
    there.parent.mkdir()
    lazaret(server, "db", "build", "--from", feeds, "--out", one)
    public = lazaret(server, "db", "keygen", "--out", directory / "key").strip().splitlines()[-1]
    place = f"{server.host}/lazaret/db"
    lazaret(server, "db", "push", place, "--db", one, "--sign", directory / "key")
    first = moved(lazaret(server, "db", "pull", place, "--out", there, "--trust", public))
    same(there.read_bytes(), one.read_bytes(), "what was pushed is pulled, bit by bit the same")
    check(first[1] < one.stat().st_size / 2, f"{one.stat().st_size:,} bytes travel as {first[1]:,.0f}")
    changed(feeds)
    lazaret(server, "db", "build", "--from", feeds, "--out", two)
    lazaret(server, "db", "push", place, "--db", two, "--sign", directory / "key")
    blobs, size = moved(lazaret(server, "db", "pull", place, "--out", there, "--trust", public))
    same(there.read_bytes(), two.read_bytes(), "so is the next one, out of the first")
    # The document, the facts, and one step of one source.
    check(blobs == 3 and size < 40_000, f"after one record was added {blobs} blobs moved, {size:,.0f} bytes")
    nothing = moved(lazaret(server, "db", "pull", place, "--out", there, "--trust", public))
    same(nothing[0], 1, "a pull with nothing to do fetches the document alone")
    told = lazaret(server, "db", "diff", one, two)
    check("1 added: RUSTSEC-2026-9999" in told, "diff names the record that was added")
    return place, public, two


def refused(directory, server, place, public, database):
    """What is not what somebody trusted has made."""
    kit = f"oci-archive:{directory / 'kit.tar'}"
    lazaret(server, "db", "push", kit, "--db", database, "--sign", directory / "key")
    target = directory / "kit.db"
    lazaret(server, "db", "pull", kit, "--out", target, "--trust", public)
    same(target.read_bytes(), database.read_bytes(), "an archive holds the same")
    before = target.read_bytes()
    with_changed_byte(directory / "kit.tar", directory / "changed.tar")
    target.unlink()
    told = lazaret(server, "db", "pull", f"oci-archive:{directory / 'changed.tar'}", "--out", target,
                   "--trust", public, ok=(1,))
    check("is not what it is called" in told and not target.exists(), "a changed byte is refused")
    target.write_bytes(before)
    other = lazaret(server, "db", "keygen", "--out", directory / "other").strip().splitlines()[-1]
    told = lazaret(server, "db", "pull", place, "--out", target, "--trust", other, ok=(1,))
    check("nobody who is trusted has signed" in told, "a stranger's signature is refused")
    # Somebody puts an old state back under the tag.
    lazaret(server, "db", "pull", place, "--out", target, "--trust", public)
    origin = pathlib.Path(f"{target}.origin.json")
    known = json.loads(origin.read_text())
    origin.write_text(json.dumps(known | {"version": known["version"] + 1}))
    told = lazaret(server, "db", "pull", place, "--out", target, "--trust", public, ok=(1,))
    check("holding fixes back" in told, "an older version is refused")
    damaged = bytearray(database.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (directory / "damaged.db").write_bytes(damaged)
    told = lazaret(server, "db", "verify", "--db", directory / "damaged.db", ok=(5,))
    check("the segment of source" in told, f"verify names the damage: {told.splitlines()[0]}")


class Following(lib.Server):
    """A server that follows a database somewhere else, or a mirror."""

    def __init__(self, data, *words):
        self.words = [str(word) for word in words]
        super().__init__(data)

    def command(self):
        return [*super().command(), "--update-every", "1", *self.words]

    def database(self):
        status, _, body = self.request("GET", "/api/v1/admin/database")
        if status != 200:
            raise SystemExit(f"e2e: FAILED: the database is not shown: {status} {body}")
        return json.loads(body)

    def waits_for(self, is_there, what):
        deadline = time.monotonic() + 60
        while not is_there(self.database()):
            if time.monotonic() > deadline:
                raise SystemExit(f"e2e: FAILED: {what}\n{self.database()}")
            time.sleep(0.2)
        check(True, what)


def follows(directory, server, place, public):
    """A server that is kept up to date, from an artifact and from a mirror."""
    key = json.loads((server.data / "admin-key.json").read_text())
    os.environ |= {"LAZARET_ACCESS_KEY_ID": key["access_key_id"], "LAZARET_SECRET_ACCESS_KEY": key["secret_access_key"]}
    try:
        follower = Following(directory / "follower", "--update-from", place, "--update-trust", public)
    finally:
        del os.environ["LAZARET_ACCESS_KEY_ID"], os.environ["LAZARET_SECRET_ACCESS_KEY"]
    follower.waits_for(lambda known: known["revision"], "a server takes the database from where it was pushed")
    follower.stop()
    mirror = directory / "mirror"
    (mirror / "cisa-kev").mkdir(parents=True)
    catalogue = {"dateReleased": "2026-11-25T00:00:00Z",
                 "vulnerabilities": [{"cveID": "CVE-2026-1234", "dateAdded": "2026-11-25"}]}
    file = mirror / "cisa-kev" / "known_exploited_vulnerabilities.json"
    file.write_text(json.dumps(catalogue))
    os.environ |= {"LAZARET_MIRROR": f"file://{mirror}", "LAZARET_SOURCES": "cisa-kev"}
    try:
        follower = Following(directory / "mirrored")
    finally:
        del os.environ["LAZARET_MIRROR"], os.environ["LAZARET_SOURCES"]
    follower.waits_for(lambda known: known["revision"], "a server without a database makes one from a mirror")
    catalogue["vulnerabilities"].append({"cveID": "CVE-2026-1235", "dateAdded": "2026-11-25"})
    file.write_text(json.dumps(catalogue))
    status, *_ = follower.request("POST", "/api/v1/admin/database/update")
    same(status, 202, "an update is asked for")
    follower.waits_for(lambda known: known["sources"] and known["sources"][0]["advisories"] == 2,
                       "and the server has what the mirror has now")
    file.write_text("<html>maintenance</html>")
    follower.request("POST", "/api/v1/admin/database/update")
    follower.waits_for(lambda known: known["sources"][0]["problems"] and not known["updates"]["running"],
                       "a mirror with nonsense takes nothing away, and is named")
    same(follower.database()["sources"][0]["advisories"], 2, "the source is as it was")
    follower.stop()


def tsv(name):
    """The rows of a table of expectations."""
    path = pathlib.Path(__file__).parent / "expected" / name
    lines = path.read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def everything(directory):
    """All feeds that there are: none is passed over, counts are those of their own list, and what sources say is what
    somebody read in their files."""
    database, aside = directory / "everything.db", ("cwe", "victims-cve-db", "github-graphql-samples")
    done = subprocess.run([LAZARET, "db", "build", "--from", lib.SHARED / "data" / "feeds", "--out", database],
                          capture_output=True, text=True, check=True)
    unknown = re.findall(r"no feed knows the directory '([^']*)'", done.stderr)
    check(set(unknown) <= set(aside), f"every source is read, but {', '.join(unknown)}")

    def asked(*words):
        done = subprocess.run([LAZARET, "db", *words, "--db", database, "--format", "json"], capture_output=True, text=True)
        return json.loads(done.stdout)
    counts = {source["name"]: source["advisories"] for source in asked("status")["sources"]}
    for name, _listed, expected, *_why in tsv("feeds.tsv"):
        if counts.get(name) != int(expected):
            raise SystemExit(f"e2e: FAILED: {name} has {counts.get(name)} records instead of {expected}")
    check(True, f"{len(tsv('feeds.tsv'))} sources have as many records as expected")
    facts = tsv("advisories.tsv")
    for source, record, ecosystem, package, state, bounds in facts:
        rows = [row for one in asked("show", record)["records"] if one["source"] == source
                for row in one["affected"] if (row["ecosystem"], row["package"]) == (ecosystem, package)]
        if not any(row["state"] == state and (not bounds or bounds in row["ranges"]) for row in rows):
            raise SystemExit(f"e2e: FAILED: {source} {record} {ecosystem} {package}: {rows}")
    check(len(facts) >= 60, f"{len(facts)} statements of {len({fact[0] for fact in facts})} sources are as somebody read them")
    known = asked("show", "CVE-2023-4863")
    same(known["known_exploited_since"], "2023-09-13", "a listed weakness is told with its day")


def main(directory, _db):
    everything(directory)
    server = lib.Server(directory / "data")
    feeds = directory / "feeds"
    for name in FEEDS:
        shutil.copytree(lib.SHARED / "data" / "feeds" / name, feeds / name)
        (feeds / name).chmod(0o755)
    place, public, database = travel(directory, server, feeds)
    refused(directory, server, place, public, database)
    follows(directory, server, place, public)
    server.stop()
