"""Images that are meant to fill memory or never to end: each ends, within memory, with its gap named."""

import gzip
import io
import json
import subprocess
import sys
import tarfile
import zipfile
import zlib

import lib
from lib import check

# What a program that reads an image may take, in MiB. The default limits let one file of up to 1 GiB be read at a time.
MOST = 1536
MANY = 3_000_000
SPARSE = 10 << 30

# A process inherits the peak of the one that started it, so that a small one does.
STARTER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss, os.waitstatus_to_exitcode(status), file=sys.stderr)
"""

SYSTEM = {
    "etc/os-release": b"ID=debian\nVERSION_ID=10\n",
    "var/lib/dpkg/status": b"Package: bash\nStatus: install ok installed\nVersion: 5.0-4\nArchitecture: amd64\n\n",
}


def begun():
    """The start of a tar: a system with a package, without the archive's end."""
    return lib.tar_of(SYSTEM)[: sum(512 + -(-len(content) // 512) * 512 for content in SYSTEM.values())]


def measured(*words):
    """What a program writes, and its peak memory in MiB."""
    words = [sys.executable, "-I", "-S", "-c", STARTER, *map(str, words)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900)
    *said, last = done.stderr.strip().splitlines()
    memory, code = map(int, last.split())
    if code != 0:
        raise SystemExit(f"e2e: FAILED: {words[4:]} ends with {code}: {said[-1:]}")
    return json.loads(done.stdout), memory // 1024


def look(name, path, db, place, words):
    """Lists and scans an image in which `words` say that there is a gap at a place; without words there is none."""
    said, memory = measured(lib.LAZARET, "packages", "--format", "json", path)
    gaps = [one for one in said["problems"] if one["place"].endswith(place) and words in one["detail"]]
    check("bash" in [one["name"] for one in said["packages"]], f"{name}: the rest is listed")
    scan, more = measured(lib.LAZARET, "scan", "--format", "json", "--db", db, path)
    if words:
        check(gaps, f"{name}: the gap is named: {gaps[:1] or said['problems'][:3]}")
        check(scan["coverage"]["verdict"] == "incomplete", f"{name}: the scan is incomplete")
        check(words in json.dumps(scan["coverage"]), f"{name}: the scan names the gap")
    check(max(memory, more) < MOST, f"{name}: {memory} and {more} MiB at most, less than {MOST}")


def entries(path, count):
    """A gzip of a tar with that many empty files, written as it is made."""
    with gzip.open(path, "wb", 1) as out:
        out.write(begun())
        block = bytearray(tarfile.TarInfo("data/0000000").tobuf(tarfile.GNU_FORMAT))
        rest = sum(block) - sum(block[5:12]) - sum(block[148:156]) + 8 * 32
        for number in range(count):
            digits = b"%07d" % number
            block[5:12] = digits
            block[148:156] = b"%06o\0 " % (rest + sum(digits))
            out.write(block)
        out.write(bytes(1024))


def sparse(path, name):
    """A tar with a file that says that it is ten gigabytes of a hole: GNU's PAX form 1.0."""
    with open(path, "wb") as out:
        out.write(begun())
        table = b"0\n".ljust(512, b"\0")
        info = tarfile.TarInfo(name)
        info.size = len(table)
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
                            "GNU.sparse.realsize": str(SPARSE)}
        out.write(info.tobuf(tarfile.PAX_FORMAT))
        out.write(table + bytes(1024))


def zeroes(path, name):
    """A gzip of a tar with ten gigabytes of zeroes as a file, each megabyte the same packed bytes."""
    info = tarfile.TarInfo(name)
    info.size = SPARSE
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with open(path, "wb") as out:
        out.write(packer.compress(begun() + info.tobuf(tarfile.GNU_FORMAT)) + packer.flush())
        piece = gzip.compress(bytes(1 << 20), 9, mtime=0)
        for _ in range(SPARSE >> 20):
            out.write(piece)
        out.write(gzip.compress(bytes(1024), mtime=0))


def jar(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def deep():
    """A jar in forty jars."""
    content = jar({"META-INF/MANIFEST.MF": "Implementation-Title: x\r\nImplementation-Version: 1\r\n"})
    for _ in range(40):
        content = jar({"in.jar": content})
    return content


def bomb():
    """Ten archives in each of ten in each of ten, ten levels of it."""
    content = jar({"x.txt": bytes(1 << 20)})
    for _ in range(10):
        content = jar({f"{number}.jar": content for number in range(10)})
    return content


def many_packages(directory):
    """A package database whose records are as short as they can be, as many as fit."""
    record = b"Package: %07d\nStatus: install ok installed\nVersion: 1\n\n"
    records = b"".join(record % number for number in range(1_000_000))
    path = directory / "packages.tar.gz"
    status = SYSTEM["var/lib/dpkg/status"] + records
    path.write_bytes(gzip.compress(lib.tar_of({**SYSTEM, "var/lib/dpkg/status": status}), 1))
    return path


def main(directory, db):
    """Each image is small on disk and is made here."""
    path = directory / "entries.tar.gz"
    entries(path, MANY)
    look(f"{MANY} entries", path, db, "", "")
    entries(path, 5_000_001)
    look("more entries than are looked at", path, db, "", "entries")
    path.unlink()
    for name, is_known in [("data/hole", False), ("var/lib/rpm/Packages", True)]:
        words = f"has {SPARSE} bytes, more than" if is_known else ""
        path = directory / "sparse.tar"
        sparse(path, name)
        look(f"a hole of 10 GiB as {name}", path, db, name, words)
    path = directory / "zeroes.tar.gz"
    zeroes(path, "data/zeroes")
    look("10 GiB of zeroes in few", path, db, "", "bytes")
    path.unlink()
    for name, content, words in [("deep", deep(), "archives, which are not looked into"),
                                 ("bomb", bomb(), "limit")]:
        path = directory / f"{name}.tar"
        path.write_bytes(lib.tar_of({**SYSTEM, f"opt/{name}.jar": content}))
        look(f"a jar that is {name}", path, db, "", words)
    look("a million packages", many_packages(directory), db, "var/lib/dpkg/status", "packages, more than")
