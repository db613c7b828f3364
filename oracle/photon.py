"""Photon OS: OVAL, a definition per bulletin.

Rules: https://github.com/vmware/photon/wiki/Photon-OVAL. Whatever is earlier than the version of a criterion has the CVEs of
the bulletin. Packages are those that are installed. That one is signed with VMware's key is not asked.
"""

import re

import lib
from lib import Case, Package, rpm


def records(text):
    """{package: [(CVE, EVR)]}"""
    said = {}
    for block in re.findall(r"<definition .*?</definition>", text, re.S):
        weaknesses = sorted(set(re.findall(r"<cve[^>]*>\s*(CVE-\d+-\d+)", block) + re.findall(r'ref_id="[^"]*(CVE-\d+-\d+)"', block)))
        for name, evr in re.findall(r'comment="(\S+) is earlier than (\S+)"', block):
            for weakness in weaknesses:
                said.setdefault(name, []).append((weakness, evr))
    return said


def expected(said, packages):
    found = {}
    for package in packages:
        for weakness, evr in said.get(package.name, ()):
            key = weakness, package.name, package.version
            if rpm.less(package.version, evr) and (key not in found or rpm.less(found[key][1], evr)):
                found[key] = ("fixed", evr.removeprefix("0:"))
    return found


def made_up(said):
    for name, rows in sorted(said.items()):
        for version in sorted({evr for _, evr in rows} | {evr + "~" for _, evr in rows}):
            version = version.removeprefix("0:")
            yield Package("rpm", name, version, name, version.rpartition(":")[2], "x86_64", "", "VMware, Inc.")


def cases(work):
    said = records(work.text(work.feeds / "photon/com.vmware.phsa-photon3.xml.zst"))
    feeds = (("photon", work.feeds / "photon"),)
    target = work.rootfs / "reconstructed/photon-30.rpmdb-bdb.tar.zst"
    packages, _ = lib.rpm_database(work, target, target)
    yield Case(target.name, feeds, target, expected(said, packages))
    packages = list(made_up(said))
    target = lib.write_rpm(work, "photon-made-up", "ID=photon\nVERSION_ID=3.0\n", packages)
    yield Case("made-up-3.0", feeds, target, expected(said, packages))
