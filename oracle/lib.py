"""What the oracle's feeds share: reading targets, the package managers' own orders, asking the product, comparing.

Nothing here is taken from the product: package databases are read with a few lines of Python or with the package
manager's own program, and versions are ordered by that program wherever there is one.
"""

import collections
import contextlib
import functools
import io
import itertools
import json
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import tarfile
import tempfile

# `source` and `source_version` are what the distribution built the package from; `evr` is epoch:version-release.
Package = collections.namedtuple("Package", "type name version source source_version arch module vendor",
                                 defaults=("", "", "", ""))
# `feeds` is {name of the directory: path of the feed}; `expected` is {(id, package, version): (status, fixed)},
# None instead of the last two where they are not compared.
Case = collections.namedtuple("Case", "name feeds target expected types only", defaults=(None, None))


class Work:
    """Where things are: the shared data, the product, and a directory for what is unpacked on the way."""

    def __init__(self, shared, program):
        self.data = pathlib.Path(shared) / "data"
        self.feeds, self.rootfs = self.data / "feeds", self.data / "rootfs"
        self.program = str(program)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="oracle-"))

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def new(self, name):
        """A new path under the directory of this run."""
        path = self.directory / re.sub(r"[^A-Za-z0-9._+-]", "_", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @functools.cache
    def unpacked(self, archive):
        """The directory that an archive was unpacked to."""
        path = self.new("unpacked-" + str(pathlib.Path(archive).relative_to(self.data)))
        path.mkdir(exist_ok=True)
        subprocess.run(["tar", "-xf", archive, "-C", path], check=True)
        return path

    @functools.cache
    def text(self, path):
        """A file's text; `.zst` is unpacked."""
        if str(path).endswith(".zst"):
            data = subprocess.run(["zstd", "-dc", "--long=31", path], capture_output=True, check=True).stdout
            return data.decode()
        return pathlib.Path(path).read_text()

    @functools.cache
    def database(self, feeds):
        """A database of these feeds alone, made by the product."""
        number = len(list(self.directory.glob("*.db")))
        source, database = self.new(f"feeds-{number}"), self.new(f"{number}.db")
        for name, path in feeds:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).symlink_to(path)
        done = subprocess.run([self.program, "db", "build", "--from", source, "--out", database],
                              capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"oracle: {feeds}: no database: {done.stderr}")
        return database

    def scan(self, target, database):
        """The product's document on a target."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LAZARET_")}
        done = subprocess.run([self.program, "scan", str(target), "--db", database, "--format", "json"],
                              capture_output=True, text=True, env=clean)
        if done.returncode:
            raise SystemExit(f"oracle: {target}: {done.stderr}")
        return json.loads(done.stdout)


# Version orders.

class Order:
    """A program that answers a line of two versions with a line of -1, 0 or 1."""

    def __init__(self, *command):
        self.command, self.process = command, None

    @functools.cache
    def compare(self, left, right):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(f"{left} {right}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def less(self, left, right):
        """Whether one is surely before the other."""
        return (self.compare(left, right) or 0) < 0

    def sorted(self, versions):
        return sorted(versions, key=functools.cmp_to_key(lambda left, right: self.compare(left, right) or 0))

    def highest(self, versions):
        return self.sorted(versions)[-1]


class Own(Order):
    """An order by a function of two versions."""

    def __init__(self, function):
        self.compare = functools.cache(function)


# dpkg's own order, from its Perl module; one process per pair (`dpkg --compare-versions`) would take minutes.
deb = Order("perl", "-MDpkg::Version", "-ne",
            "$| = 1; chomp; my ($a, $b) = map { Dpkg::Version->new($_, check => 0) } split / /; print $a <=> $b, qq(\\n)")
# rpm's own order of epoch:version-release, from its Lua.
rpm = Order("rpm", "--eval", "%{lua:for l in io.lines() do local a, b = l:match('(%S+) (%S+)') "
            "io.stdout:write(rpm.vercmp(a, b), '\\n') io.stdout:flush() end}")

SUFFIXES = {"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}


def apk_key(version):
    """A version by the package policy of Alpine and apk's version.c: numbers by points, one letter, `_suffix`es,
    `~hash`, `-rN`. The last part is what no rule allows (`.-r1`), where apk stops. None where nothing is a version."""
    form = re.match(r"(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?(.*)",
                    version)
    if not form:
        return None
    numbers, letter, suffixes, revision, rest = form.groups()
    tail = [(SUFFIXES[word], int(number or 0)) for word, number in re.findall(r"_([a-z]+)(\d*)", suffixes)]
    return numbers.split("."), letter, tail, int(revision or 0), rest


def apk_numbers(left, right):
    for place, (one, two) in enumerate(itertools.zip_longest(left, right)):
        if one is None or two is None:
            return -1 if one is None else 1
        if place and (one[0] == "0" or two[0] == "0"):
            order = (one > two) - (one < two)
        else:
            order = (int(one) > int(two)) - (int(one) < int(two))
        if order:
            return order
    return 0


def apk_compare(left, right):
    """The order of two versions, a later number that begins with a zero as text; None where apk cannot tell."""
    one, two = apk_key(left), apk_key(right)
    if one is None or two is None:
        return None
    order = apk_numbers(one[0], two[0]) or (one[1] > two[1]) - (one[1] < two[1])
    # The end of suffixes stands between what comes before a release and what comes after one.
    for a, b in itertools.zip_longest(one[2], two[2], fillvalue=(0, 0)):
        order = order or (a > b) - (a < b)
    order = order or (one[3] > two[3]) - (one[3] < two[3])
    return order or (None if one[4] or two[4] else 0)


apk = Own(apk_compare)


# Targets.

def members(path, wanted):
    """The files of an archive whose path fits the expression, without a leading `./`."""
    command = ["zstd", "-dc", "--long=31", path] if str(path).endswith(".zst") else ["cat", path]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    found = {}
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in archive:
            name = re.sub(r"^(\./|/)+", "", member.name)
            if member.isfile() and re.fullmatch(wanted, name):
                found[name] = archive.extractfile(member).read()
    return found


def os_release(text):
    """os-release as a dictionary."""
    return {key: value.strip("\"'") for key, value in re.findall(r"(?m)^([A-Z_]+)=(.*?)\s*$", text)}


def release_of(path):
    files = members(path, r"(etc|usr/lib)/os-release")
    return os_release(next(iter(files.values())).decode()) if files else {}


def stanzas(text):
    """Paragraphs of `Field: value`, with continued lines left out."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"(?m)^([A-Za-z0-9-]+): *(.*?)\s*$", paragraph))
        if fields:
            yield fields


# States of dpkg in which a package's files are there.
THERE = {"installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"}


def dpkg(text):
    """What is installed, by a dpkg status file."""
    for fields in stanzas(text):
        if "Version" not in fields or fields.get("Status", "x").split()[-1] not in THERE:
            continue
        name, version = fields["Package"], fields["Version"]
        form = re.fullmatch(r"(\S+)(?: \((.*)\))?", fields.get("Source", name))
        yield Package("deb", name, version, form[1], form[2] or version, fields.get("Architecture", ""))


def apk_installed(text):
    """What is installed, by apk's database."""
    for paragraph in text.split("\n\n"):
        fields = dict(re.findall(r"(?m)^([PVoA]):(.*)$", paragraph))
        if "P" in fields:
            name, version = fields["P"], fields["V"]
            yield Package("apk", name, version, fields.get("o", name), version, fields.get("A", ""))


def rpm_installed(directory):
    """What is installed, by the rpm program on a database; version is epoch:version-release as it is there."""
    backend = "sqlite" if (directory / "rpmdb.sqlite").exists() else "bdb_ro"
    form = "%{NAME}\\t%{EPOCH}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{MODULARITYLABEL}\\t%{VENDOR}\\n"
    done = subprocess.run(["rpm", "--dbpath", directory, "--define", f"_db_backend {backend}", "-qa", "--qf", form],
                          capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, epoch, version, arch, source, module, vendor = [x if x != "(none)" else "" for x in line.split("\t")]
        if name == "gpg-pubkey":
            continue
        form = re.fullmatch(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm", source)
        source = (form[1], form[2]) if form else ("", "")
        yield Package("rpm", name, f"{epoch}:{version}" if epoch and epoch != "0" else version, *source, arch,
                      ":".join(module.split(":")[:2]), vendor)


def rpm_database(work, archive, target):
    """The packages of an archive that holds an rpm database, and its os-release."""
    unpacked = work.unpacked(archive)
    return list(rpm_installed(unpacked / "var/lib/rpm")), release_of(target)


def write_archive(path, files):
    """A tar archive of {path: text}."""
    with tarfile.open(path, "w") as archive:
        for name, text in sorted(files.items()):
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write_dpkg(work, name, release, packages, more=None):
    """An image whose dpkg database holds these packages; `release` is the text of os-release."""
    text = ""
    for package in packages:
        source = package.source if package.source_version == package.version else \
            f"{package.source} ({package.source_version})"
        text += (f"Package: {package.name}\nStatus: install ok installed\nArchitecture: {package.arch or 'amd64'}\n"
                 + (f"Source: {source}\n" if source != package.name else "") + f"Version: {package.version}\n\n")
    return write_archive(work.new(name + ".tar"), {"etc/os-release": release, "var/lib/dpkg/status": text} | (more or {}))


def write_apk(work, name, release, packages):
    """An image whose apk database holds these packages."""
    text = "".join(f"P:{package.name}\nV:{package.version}\nA:x86_64\no:{package.source}\n\n" for package in packages)
    return write_archive(work.new(name + ".tar"), {"etc/os-release": release, "lib/apk/db/installed": text})


TAGS = (("name", 1000, 6), ("epoch", 1003, 4), ("version", 1001, 6), ("release", 1002, 6), ("vendor", 1011, 6),
        ("arch", 1022, 6), ("sourcerpm", 1044, 6), ("module", 5096, 6))


def rpm_header(package):
    """A package as rpm keeps it: a table of tags (name, type, offset, count) and their data, big-endian."""
    epoch, _, evr = package.version.rpartition(":")
    version, _, release = evr.partition("-")
    values = {"name": package.name, "version": version, "release": release, "arch": package.arch,
              "vendor": package.vendor, "module": package.module, "epoch": epoch,
              "sourcerpm": package.source and f"{package.source}-{package.source_version}.src.rpm"}
    table, data = b"", b""
    for field, tag, kind in sorted(TAGS, key=lambda row: row[1]):
        if values[field]:
            data += b"\0" * (-len(data) % 4)
            table += struct.pack(">4i", tag, kind, len(data), 1)
            data += struct.pack(">i", int(epoch)) if kind == 4 else values[field].encode() + b"\0"
    return struct.pack(">2i", len(table) // 16, len(data)) + table + data


def write_rpm(work, name, release, packages):
    """An image whose rpm database, of the form since rpm 4.16, holds these packages."""
    root = work.new(name)
    (root / "etc").mkdir(parents=True)
    (root / "var/lib/rpm").mkdir(parents=True)
    (root / "etc/os-release").write_text(release)
    subprocess.run(["rpm", "--dbpath", root / "var/lib/rpm", "--initdb"], check=True)
    with contextlib.closing(sqlite3.connect(root / "var/lib/rpm/rpmdb.sqlite")) as database, database:
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(rpm_header(one),) for one in packages])
    return f"dir:{root}"


# Answers.

def reported(document, types=None, keys=None):
    """What the product says, in the form of what is expected; where `keys` are given, of those (id, package) alone."""
    found = {}
    for row in document["findings"]:
        if (types is None or row["package"]["type"] in types) and (
                keys is None or (row["id"], row["package"]["name"].rpartition("-")[0]) in keys):
            key = (row["id"], row["package"]["name"], row["package"]["version"])
            found[key] = (row["status"], " ".join(row["fixed_in"]))
    return found


def differences(expected, got):
    """(kind, id, package, version, the oracle's word, the product's word) for each difference, sorted."""
    for key in sorted(expected.keys() | got.keys()):
        if key not in got:
            yield "missing", *key, expected[key], None
        elif key not in expected:
            yield "extra", *key, None, got[key]
        elif expected[key] is not None and expected[key] != got[key]:
            yield "differs", *key, expected[key], got[key]
