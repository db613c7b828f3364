"""AlmaLinux: its OSV records, a bulletin each.

Rules: https://ossf.github.io/osv-schema/ and https://errata.almalinux.org/. A bulletin (ALSA) mends its CVEs, which are
named in `related` alone; ALBA and ALEA without a CVE are bug fixes and enhancements, and no weakness. Builds of a module
(`.module_el8…`) answer for packages of the module that the summary names (`nodejs:18`), others for packages of no module.
One bulletin may name a package with a build per minor release: who has that minor release's build has the fix.
"""

import collections
import json
import re

import lib
from lib import Case, Package, rpm


def documents(work):
    root = work.unpacked(work.feeds / "almalinux-osv/almalinux8+9.tar.zst")
    for file in sorted(root.glob("advisories/*/*.json")):
        yield json.loads(file.read_text())


def module(summary, fixed):
    """The module that a build is a part of."""
    named = re.search(r"(?<![\w-])([a-z0-9][a-z0-9-]*:[a-z0-9._]+)\b", summary)
    return (named[1] if named else "?") if ".module_el" in fixed else ""


def records(work):
    """{(release, package, module): {bulletin: (CVEs, {fixed EVR})}}"""
    said = collections.defaultdict(dict)
    for document in documents(work):
        weaknesses = sorted(one for one in document["related"] if one.startswith("CVE-"))
        for affected in document["affected"]:
            release = affected["package"]["ecosystem"].split(":")[1]
            for event in [event for span in affected["ranges"] for event in span["events"] if "fixed" in event]:
                key = release, affected["package"]["name"], module(document["summary"], event["fixed"])
                said[key].setdefault(document["id"], (weaknesses, set()))[1].add(event["fixed"])
    return said


def tag(version):
    form = re.search(r"el\d+(?:[._]\d+)*", version)
    return form[0] if form else ""


def expected(said, release, packages, by_weakness):
    found = {}
    for package in packages:
        fixes = collections.defaultdict(set)
        for bulletin, (weaknesses, versions) in said.get((release, package.name, package.module), {}).items():
            newer = {fix for fix in versions if rpm.less(package.version, fix)}
            has_it = any(tag(fix) == tag(package.version) and not rpm.less(package.version, fix) for fix in versions)
            if (weaknesses or bulletin.startswith("ALSA")) and newer and not has_it:
                for one in weaknesses if by_weakness and weaknesses else [bulletin]:
                    fixes[one] |= newer
        for one, versions in fixes.items():
            found[one, package.name, package.version] = ("fixed", rpm.highest(versions).removeprefix("0:"))
    return found


def made_up(said, release):
    """For each package of a release builds round the versions that are named for it."""
    for (where, name, part), bulletins in sorted(said.items()):
        if where == release and part != "?":
            versions = rpm.sorted({fix for _, fixes in bulletins.values() for fix in fixes})
            for version in {versions[0], versions[len(versions) // 2], versions[-1], versions[-1] + "~"}:
                yield Package("rpm", name, version.removeprefix("0:"), name, version.rpartition(":")[2], "x86_64",
                              part and f"{part}:1:abc", "AlmaLinux")


def short(packages):
    return [package._replace(module=":".join(package.module.split(":")[:2])) for package in packages]


def cases(work):
    said, feeds = records(work), (("almalinux-osv", work.feeds / "almalinux-osv"),)
    for file, release in (("ubi8-2019.rpmdb-bdb", "8"), ("centos8-modular.rpmdb-bdb", "8"),
                          ("rockylinux-9-aarch64.rpmdb-sqlite", "9")):
        packages, _ = lib.rpm_database(work, work.rootfs / f"reconstructed/{file}.tar.zst",
                                       work.rootfs / f"reconstructed/{file}.tar.zst")
        # The same builds under AlmaLinux' name.
        packages = [package._replace(vendor="AlmaLinux") for package in packages]
        target = lib.write_rpm(work, f"alma-{file}", f"ID=almalinux\nVERSION_ID={release}.4\n", packages)
        yield Case(f"{file}/weaknesses", feeds, target, expected(said, release, packages, True))
    for release in ("8", "9"):
        packages = list(made_up(said, release))
        target = lib.write_rpm(work, f"alma-made-up-{release}", f"ID=almalinux\nVERSION_ID={release}.4\n", packages)
        yield Case(f"made-up-{release}/weaknesses", feeds, target, expected(said, release, short(packages), True))
