"""Azure Linux and CBL-Mariner: OVAL, a definition per weakness and package.

Rules: https://github.com/microsoft/AzureLinuxVulnerabilityData. Packages are named by their SPEC, that is the source of what
is installed. `patchable` is `true` (mended in the version of the test), `false` (affected, up to the version that the test
names with "less than or equal") or `Not Applicable` (not affected).
"""

import re

import lib
from lib import Case, Package, rpm

FILES = {"cbl-mariner-1.0-oval.xml.zst": ("mariner", "1.0", "1.0.20240101"),
         "cbl-mariner-2.0-oval.xml.zst": ("mariner", "2.0", "2.0.20240101"),
         "azurelinux-3.0-oval.xml.zst": ("azurelinux", "3.0", "3.0.20240101")}


def records(text):
    """{package: [(CVE, patchable, operation, EVR)]}"""
    states = {one: (operation, evr) for one, operation, evr in re.findall(
        r'rpminfo_state id="([^"]+)"[^>]*>\s*<linux-def:evr[^>]*operation="([^"]+)"[^>]*>([^<]+)<', text)}
    objects = dict(re.findall(r'rpminfo_object id="([^"]+)"[^>]*>\s*<linux-def:name>([^<]+)<', text))
    tests = {one: (objects[what], states[state]) for one, what, state in re.findall(
        r'rpminfo_test [^>]*id="([^"]+)"[^>]*>\s*<linux-def:object object_ref="([^"]+)"/>\s*'
        r'<linux-def:state state_ref="([^"]+)"', text)}
    said = {}
    for block in re.findall(r"<definition .*?</definition>", text, re.S):
        weakness = re.search(r'ref_id="([^"]+)"', block)[1]
        patchable = re.search(r"<patchable>([^<]*)<", block)[1]
        for one in re.findall(r'test_ref="([^"]+)"', block):
            name, (operation, evr) = tests[one]
            said.setdefault(name, []).append((weakness, patchable, operation, evr))
    return said


def expected(said, packages):
    found = {}
    for package in packages:
        for weakness, patchable, operation, evr in said.get(package.source, ()):
            if patchable == "Not Applicable":
                continue
            order = rpm.compare(package.source_version, evr)
            key = weakness, package.name, package.version
            if order < 0 or order == 0 and operation == "less than or equal":
                fixed = evr.removeprefix("0:") if patchable == "true" and operation == "less than" else ""
                old = found.get(key, ("", ""))
                if not old[1] or fixed and rpm.less(old[1], fixed):
                    found[key] = ("fixed", fixed) if fixed else old if old[0] else ("affected", "")
    return found


def made_up(said):
    for name, rows in sorted(said.items()):
        versions = rpm.sorted({evr for _, _, _, evr in rows})
        for version in sorted({versions[0], versions[-1], versions[-1] + "~", versions[len(versions) // 2]}):
            version = version.removeprefix("0:")
            if "-" in version:
                # What is built has a version of its own, by which nothing may be decided.
                yield Package("rpm", name + "-libs", "7:1-" + version.replace("-", "_"), name, version, "x86_64", "",
                              "Microsoft Corporation")


def cases(work):
    for file, (name, release, version) in FILES.items():
        said = records(work.text(work.feeds / "azurelinux" / file))
        feeds = (("azurelinux", work.feeds / "azurelinux"),)
        if file.startswith("cbl-mariner-2"):
            target = work.rootfs / "rpmdb/cbl-mariner-2.0.rpmdb-sqlite.tar.zst"
            packages, _ = lib.rpm_database(work, target, target)
            yield Case(target.name, feeds, target, expected(said, packages))
        packages = list(made_up(said))
        target = lib.write_rpm(work, f"azure-made-up-{release}", f"ID={name}\nVERSION_ID=\"{version}\"\n", packages)
        yield Case(f"made-up-{name}-{release}", feeds, target, expected(said, packages))
