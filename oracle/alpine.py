"""Alpine: the security database, by branch and repository.

Rules: https://secdb.alpinelinux.org/ (README) and https://wiki.alpinelinux.org/wiki/APKBUILD_Reference (secfixes). A
package is the origin of what is installed. Under a version stand the identifiers that it mends: whatever is older is
affected. `0` says that the package was never affected. An entry is one identifier with aliases, but real ones hold
several CVEs: each is a weakness. An installed version is the secdb's own order, apk's.
"""

import json
import re

import yaml

import lib
from lib import Case, Package, apk


def entry(text):
    """The identifiers under which an entry is found: each CVE, else its first word; slips of the pen are put right."""
    text = re.sub(r"\(.*?\)", " ", text)
    found = ["-".join(("CVE", *parts)) for parts in re.findall(r"CVE[-_ ](\d{4})-(\d+)", text)]
    return sorted(set(found)) or [word for word in text.split() if re.search(r"\d", word)][:1]


def documents(work, feed):
    """(branch, document) of each file of a feed."""
    if feed == "alpine-secdb-derived":
        for file in sorted((work.feeds / feed).glob("*/*.json")):
            yield file.parent.name, json.loads(file.read_text())
    else:
        root = work.unpacked(work.feeds / feed / "alpine-secdb-yaml.tar.zst")
        for file in sorted(root.rglob("*.yaml")):
            document = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
            yield document["distroversion"], document


def records(work, feed):
    """{(branch, origin): [(id, fixed version)]}"""
    said = {}
    for branch, document in documents(work, feed):
        for row in document["packages"] or []:
            fixes = row["pkg"]["secfixes"] or {}
            for version, entries in fixes.items():
                for text in entries or []:
                    for weakness in entry(text):
                        said.setdefault((branch, row["pkg"]["name"]), []).append((weakness, version))
    return said


def expected(said, branch, packages):
    found = {}
    for package in packages:
        fixes = {}
        for weakness, fixed in said.get((branch, package.source), ()):
            fixes.setdefault(weakness, []).append(fixed)
        for weakness, versions in fixes.items():
            # Never affected is said of the weakness; a fix beside it says otherwise.
            versions = [fixed for fixed in versions if fixed != "0" and apk.less(package.version, fixed)]
            if versions:
                found[weakness, package.name, package.version] = ("fixed", apk.highest(versions))
    return found


def branch_of(target):
    """The branch by the repositories in use, which go before the release that the image was made from."""
    files = {name: data.decode() for name, data in lib.members(target, r"etc/(apk/repositories|alpine-release)").items()}
    named = re.findall(r"(?m)^[^#\n]*/alpine/(v[\d.]+|edge)/", files.get("etc/apk/repositories", ""))
    release = files.get("etc/alpine-release", "")
    return named[0] if named else "v" + ".".join(release.split(".")[:2]) if "_alpha" not in release else "edge"


def made_up(said, branch):
    """For each origin of a branch packages with versions round those that are named."""
    for (where, origin), fixes in sorted(said.items()):
        if where == branch:
            versions = apk.sorted({version for _, version in fixes if lib.apk_key(version)} - {"0"} or {"1-r0"})
            chosen = {"first": versions[0], "middle": versions[len(versions) // 2], "last": versions[-1]}
            chosen["almost"] = re.sub(r"(-r\d+)?$", "_rc1-r9", versions[-1], count=1)
            for word, version in chosen.items():
                if not lib.apk_key(version)[-1]:
                    yield Package("apk", f"{origin}-{word}", version, origin, version, "x86_64")


def cases(work):
    for feed in ("alpine-secdb-2020-06", "alpine-secdb-derived"):
        said, feeds = records(work, feed), ((feed, work.feeds / feed),)
        for target in sorted((work.rootfs / "alpine").glob("*.tar.gz")):
            packages = list(lib.apk_installed(lib.members(target, "lib/apk/db/installed").popitem()[1].decode()))
            yield Case(f"{feed}/{target.name}", feeds, target, expected(said, branch_of(target), packages))
        for branch in sorted({where for where, _ in said}):
            packages = list(made_up(said, branch))
            release = f"ID=alpine\nVERSION_ID={branch.lstrip('v')}.1\n" if branch != "edge" else \
                "ID=alpine\nVERSION_ID=3.21_alpha20240807\n"
            target = lib.write_apk(work, f"{feed}-made-up-{branch}", release, packages)
            yield Case(f"{feed}/made-up-{branch}", feeds, target, expected(said, branch, packages))
