"""Amazon Linux: `updateinfo.xml` of its repositories, a bulletin each.

Rules: https://alas.aws.amazon.com/ and dnf's updateinfo. A package of the same name and architecture that is older than the
one in the list has the CVEs of the bulletin. What extras (`ALAS2KERNEL-5.15-…`) say is said of their own line: a kernel 4.14
of the core repository is no older kernel 5.15.
"""

import gzip
import re
import xml.etree.ElementTree as ElementTree

import lib
from lib import Case, Package, rpm

FILES = ("vuls-data-update-fixtures.tar.zst", "pkg/fetch/amazon/testdata/fixtures")


def bulletins(work):
    """(release, extra or "", bulletin, CVEs, [(name, EVR, architecture)])"""
    root = work.unpacked(work.feeds / "_format-samples" / FILES[0]) / FILES[1]
    for file in sorted(root.glob("updateinfo_*.xml.gz")):
        try:
            tree = ElementTree.fromstring(gzip.decompress(file.read_bytes()))
        except (ElementTree.ParseError, OSError, EOFError):
            continue
        for update in tree.iter("update"):
            name = update.findtext("id")
            weaknesses = sorted({row.get("id") for row in update.iter("reference") if row.get("type") == "cve"})
            rows = [(row.get("name"), f"{row.get('epoch') or 0}:{row.get('version')}-{row.get('release')}", row.get("arch"))
                    for row in update.iter("package") if not re.search("-debug(info|source)", row.get("name"))]
            form = re.match(r"ALAS(2023|2022|2)?([A-Z][A-Z0-9.-]*?)?-20\d\d-", name)
            release = {"2": "2", "2023": "2023", "2022": "2022"}.get(form[1], "2018.03")
            yield file, release, (form[2] or "").lower(), name, weaknesses, rows


def records(work):
    said = {}
    for _, release, extra, name, weaknesses, rows in bulletins(work):
        for package, evr, arch in rows:
            for weakness in weaknesses or [name]:
                said.setdefault((release, package, arch), []).append((weakness, evr, extra))
    return said


def line(evr):
    return ".".join(re.split(r"[.-]", evr.partition(":")[2] or evr)[:2])


def expected(said, release, packages):
    found = {}
    for package in packages:
        for weakness, evr, extra in said.get((release, package.name, package.arch), ()):
            key = weakness, package.name, package.version
            is_other_kernel = extra.startswith("kernel") and line(evr) != line(package.version)
            if rpm.less(package.version, evr) and not is_other_kernel:
                fixed = "" if extra else evr.removeprefix("0:")
                if key not in found or fixed and (not found[key][1] or rpm.less(found[key][1], fixed)):
                    found[key] = ("fixed", fixed) if fixed else ("affected", "")
    return found


def made_up(said, release):
    for (where, name, arch), rows in sorted(said.items()):
        if where == release and arch in ("x86_64", "noarch"):
            for version in sorted({evr for _, evr, _ in rows} | {evr + "~" for _, evr, _ in rows}
                                  | {"0:4.14.1-1.amzn2" for _ in rows if name.startswith("kernel")}):
                version = version.removeprefix("0:")
                yield Package("rpm", name, version, name, version.rpartition(":")[2], arch, "", "Amazon Linux")


def cases(work):
    said, feed = records(work), work.new("amazon-feed")
    feed.mkdir()
    for file in {row[0] for row in bulletins(work)}:
        (feed / file.name).write_bytes(file.read_bytes())
    feeds = (("amazon", feed),)
    target = work.rootfs / "reconstructed/amazon-2.rpmdb-bdb.tar.zst"
    packages, _ = lib.rpm_database(work, target, target)
    yield Case(target.name, feeds, target, expected(said, "2", packages))
    for release in ("2", "2022", "2023", "2018.03"):
        packages = list(made_up(said, release))
        if packages:
            target = lib.write_rpm(work, f"amazon-made-up-{release}", f"ID=amzn\nVERSION_ID=\"{release}\"\n", packages)
            yield Case(f"made-up-{release}", feeds, target, expected(said, release, packages))
