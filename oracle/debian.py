"""Debian: the security tracker's lists of bulletins (DSA, DLA, DTSA) and its export.

Rules: https://security-team.debian.org/security_tracker.html and the lists' own form. A bulletin says of a release and a
source package which version mends all of its CVEs. Whatever is older is affected. Where several bulletins speak of a
CVE, the tracker takes the highest version. `<not-affected>` takes a package out.
"""

import re

import lib
from lib import Case, Package, deb

# Older ones had no os-release.
CODENAMES = {"etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7", "jessie": "8", "stretch": "9",
             "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14"}


def bulletins(text):
    """(bulletin, its CVEs, [(release, source, version or `<word>`)]); the CVEs may stand before or after the lines."""
    for block in re.split(r"(?m)^(?=\[)", text):
        head = re.match(r"\[[^\]]*\] (D\S+)", block)
        if head:
            braces = " ".join(re.findall(r"(?m)^\s+\{(.*)\}", block))
            rows = re.findall(r"(?m)^\s+\[(\w+)\]\s+-\s+(\S+)\s+(\S+)", block)
            yield head[1], re.findall(r"CVE-\d+-\d+", braces), rows


WORDS = {"<end-of-life>": "end_of_life", "<unfixed>": "affected"}


def lists(work):
    """{(release, source): [(id, fixed version or `<word>`)]}"""
    said = {}
    for kind in ("DSA", "DLA", "DTSA"):
        for name, weaknesses, rows in bulletins(work.text(work.feeds / "debian-security-tracker/data" / kind / "list")):
            for codename, source, version in rows:
                if codename in CODENAMES and version != "<not-affected>":
                    for weakness in weaknesses or [name]:
                        said.setdefault((CODENAMES[codename], source), []).append((weakness, version))
    return said


def by_lists(said, release, packages):
    expected = {}
    for package in packages:
        fixes = {}
        for weakness, fixed in said.get((release, package.source), ()):
            if fixed in WORDS or deb.less(package.source_version, fixed):
                fixes.setdefault(weakness, []).append(fixed)
        for weakness, versions in fixes.items():
            versions, words = [x for x in versions if x not in WORDS], [WORDS[x] for x in versions if x in WORDS]
            expected[weakness, package.name, package.version] = \
                ("fixed", deb.highest(versions)) if versions else (words[0], "")
    return expected


def number(release):
    """The release's number, by os-release; None for testing and unstable."""
    return release.get("VERSION_ID", "").split(".")[0] or None


def made_up(said, release):
    """For each source of a release packages with versions round those that its bulletins name."""
    for (where, source), fixes in sorted(said.items()):
        if where == release:
            versions = deb.sorted({version for _, version in fixes if version not in WORDS} or {"1"})
            chosen = {"first": versions[0], "middle": versions[len(versions) // 2], "last": versions[-1],
                      "before": versions[0] + "~", "almost": versions[-1] + "~", "after": versions[-1] + "+b1"}
            for word, version in chosen.items():
                # What is built has a version of its own, which must not count.
                yield Package("deb", f"{source}-{word}", "9:1", source, version, "amd64")


def cases(work):
    said = lists(work)
    feeds = (("debian-security-tracker", work.feeds / "debian-security-tracker"),)
    for target in [work.rootfs / "reconstructed/debian-10.1-buster.dpkg.tar.zst",
                   work.rootfs / "debian-ubuntu/debian-bookworm-minbase-slim.tar.zst",
                   *sorted((work.rootfs / "debian-ubuntu/slices").glob("debian-*.zst"))]:
        packages = list(lib.dpkg(lib.members(target, "var/lib/dpkg/status").popitem()[1].decode()))
        yield Case(f"lists/{target.name}", feeds, target, by_lists(said, number(lib.release_of(target)), packages))
    manifests = work.unpacked(work.rootfs / "package-lists/debian-manifests.tar.zst")
    for manifest in sorted(manifests.rglob("*/rootfs.manifest")):
        name = str(manifest.relative_to(manifests / "debian-manifests").parent)
        release = manifest.with_name("rootfs.os-release").read_text()
        rows = [line.split("\t") for line in manifest.read_text().splitlines()]
        packages = [Package("deb", row[0].split(":")[0], row[1], row[0].split(":")[0], row[1], "amd64") for row in rows]
        target = lib.write_dpkg(work, "manifest/" + name, release, packages)
        yield Case(f"lists/{name}", feeds, target, by_lists(said, number(lib.os_release(release)), packages))
    for release in CODENAMES.values():
        packages = list(made_up(said, release))
        target = lib.write_dpkg(work, "debian-made-up-" + release, f"ID=debian\nVERSION_ID={release}\n", packages)
        yield Case(f"lists/made-up-{release}", feeds, target, by_lists(said, release, packages))
