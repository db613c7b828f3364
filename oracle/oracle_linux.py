"""Oracle Linux: OVAL, a definition per bulletin (ELSA).

Rules: https://linux.oracle.com/security/oval/. A criterion names package and version, in a branch for the release and one
for the architecture. Builds for Ksplice (`.ksplice1.`) and validated ones (`_fips`) are lines of their own: such a version
is only compared with its like.
"""

import bz2
import re

import lib
from lib import Case, Package, rpm

SAMPLES = (("vunnel-fixtures.tar.zst", "tests/unit/providers/oracle/test-fixtures/mock_ksplice_data"),
           ("vuls-data-update-fixtures.tar.zst", "pkg/fetch/oracle/linux/testdata/fixtures/com.oracle.elsa-all.xml.bz2"))


def texts(work):
    for archive, path in SAMPLES:
        data = (work.unpacked(work.feeds / "_format-samples" / archive) / path).read_bytes()
        yield (bz2.decompress(data) if path.endswith("bz2") else data).decode()


def flavour(version):
    return "ksplice" if ".ksplice" in version else "fips" if "_fips" in version else ""


def records(text):
    """{(release, package): [(CVE, EVR, architecture or "", bulletin)]}"""
    said = {}
    for block in re.findall(r"<definition .*?</definition>", text, re.S):
        weaknesses = sorted(set(re.findall(r'ref_id="(CVE-[^"]+)"', block)))
        bulletin = re.search(r'ref_id="(ELSA-[^"]+)"', block)[1]
        release, arch = "", ""
        for comment in re.findall(r'<criterion[^>]*comment="([^"]+)"', block):
            where = re.match(r"Oracle Linux (\d+) is installed", comment)
            on = re.match(r"Oracle Linux arch is (\S+)", comment)
            what = re.match(r"(\S+) is earlier than (\S+)", comment)
            if where:
                release, arch = where[1], ""
            elif on:
                arch = on[1]
            elif what:
                for weakness in weaknesses or [bulletin]:
                    said.setdefault((release, what[1]), []).append((weakness, what[2], arch, bulletin))
    return said


def expected(said, release, packages):
    found = {}
    for package in packages:
        for weakness, evr, arch, _ in said.get((release, package.name), ()):
            key = weakness, package.name, package.version
            if arch not in ("", package.arch) or flavour(evr) != flavour(package.version):
                continue
            if rpm.less(package.version, evr) and (key not in found or rpm.less(found[key][1], evr)):
                found[key] = ("fixed", evr.removeprefix("0:"))
    return found


def made_up(said, release):
    for (where, name), rows in sorted(said.items()):
        if where == release:
            for version in sorted({evr for _, evr, _, _ in rows} | {evr + "~" for _, evr, _, _ in rows} | {"0:0.1-1.el8"}):
                version = version.removeprefix("0:")
                yield Package("rpm", name, version, name, version.rpartition(":")[2], "x86_64", "", "Oracle America")


def cases(work):
    for number, text in enumerate(texts(work)):
        said, feed = records(text), work.new(f"oracle-feed-{number}")
        feed.mkdir()
        (feed / "com.oracle.elsa-all.xml").write_text(text)
        for release in sorted({where for where, _ in said}):
            packages = list(made_up(said, release))
            target = lib.write_rpm(work, f"oracle-{number}-{release}", f"ID=ol\nVERSION_ID=\"{release}.4\"\n", packages)
            yield Case(f"made-up-{number}-{release}", (("oracle", feed),), target, expected(said, release, packages))
