"""Packages of languages: OSV records of PyPI, Go and crates.io.

Rules: https://ossf.github.io/osv-schema/#evaluation. A version is affected where a list has it or where the events of a range,
in the ecosystem's order, leave it after an `introduced` and before the next `fixed` (or up to a `last_affected`). Withdrawn
records find nothing. A weakness is known by its CVE, else by the record's own name; GHSA and others are its aliases.
"""

import collections
import functools
import json
import re

import yaml
from packaging.version import InvalidVersion, Version

import lib
from lib import Case, Own


def pep440(left, right):
    try:
        one, two = Version(left), Version(right)
    except InvalidVersion:
        return None
    return (one > two) - (one < two)


def semver_key(version):
    """A key by https://semver.org, section 11; a leading `v` is Go's."""
    form = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", version)
    if not form:
        return None
    before = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in (form[4] or "").split(".") if part]
    return [int(form[place] or 0) for place in (1, 2, 3)], not before, before


def semver(left, right):
    one, two = semver_key(left), semver_key(right)
    return None if one is None or two is None else (one > two) - (one < two)


ORDERS = {"PyPI": Own(pep440), "Go": Own(semver), "crates.io": Own(semver)}


def normal(ecosystem, name):
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name


def holds(order, events, version):
    """(whether a range holds a version, its fix or ""), by the specification's algorithm."""
    def place(left, right):
        one, two = (next(iter(event.values())) for event in (left, right))
        if "0" in (one, two):
            return (one != "0") - (two != "0")
        return order.compare(one, two) or 0
    inside, fix = False, ""
    for event in sorted(events, key=functools.cmp_to_key(place)):
        (kind, at), = event.items()
        order_here = 1 if at == "0" else order.compare(version, at)
        if order_here is None:
            return None, ""
        if kind == "introduced" and order_here >= 0:
            inside, fix = True, ""
        elif kind in ("fixed", "limit") and inside:
            if order_here >= 0:
                inside = False
            elif not fix and kind == "fixed":
                fix = at
        elif kind == "last_affected" and inside and order_here > 0:
            inside = False
    return inside, fix if inside else ""


def identifiers(record):
    named = [record["id"], *record.get("aliases", []), *record.get("upstream", [])]
    return sorted(one for one in named if one.startswith("CVE-"))[:1] or [record["id"]]


def by_package(records, ecosystem):
    said = collections.defaultdict(list)
    for record in records:
        for affected in record.get("affected", []):
            package = affected.get("package", {})
            if package.get("ecosystem") == ecosystem and not record.get("withdrawn"):
                said[normal(ecosystem, package["name"])].append((record, affected))
    return said


def expected(said, ecosystem, packages):
    order, found = ORDERS[ecosystem], {}
    for name, version in packages:
        for record, affected in said.get(normal(ecosystem, name), ()):
            ranges = [holds(order, span["events"], version) for span in affected.get("ranges", []) if span["type"] != "GIT"]
            fixes = [fix for inside, fix in ranges if inside]
            if not fixes and not any(order.compare(version, one) == 0 or version == one
                                     for one in affected.get("versions") or ()):
                continue
            fixes = [fix for fix in fixes if fix]
            for one in identifiers(record):
                key = one, name, version
                fix = order.highest(fixes + [found[key][1]] if key in found and found[key][1] else fixes) if fixes else \
                    found.get(key, ("", ""))[1]
                found[key] = ("fixed", fix) if fix else ("affected", "")
    return found


def bounds(said, ecosystem, after):
    """For each package the versions that are named for it, and ones just before and after."""
    for name, rows in sorted(said.items()):
        versions = set()
        for _, affected in rows:
            named = [at for span in affected.get("ranges", []) if span["type"] != "GIT"
                     for event in span["events"] for at in event.values() if at != "0"]
            versions |= set(named) | set((affected.get("versions") or ())[:2]) | set((affected.get("versions") or ())[-1:])
            versions |= {at + suffix for at in named for suffix in after}
        own = next(affected["package"]["name"] for _, affected in rows)
        for version in sorted(versions):
            if ORDERS[ecosystem].compare(version, version) == 0:
                yield own, version


def pypi(work):
    root = work.unpacked(work.feeds / "pypa-advisory-database/pypa-advisory-database.tar.zst")
    records = [yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
               for file in sorted(root.rglob("PYSEC-*.yaml"))]
    said = by_package(records, "PyPI")
    packages = list(bounds(said, "PyPI", ("rc1", ".post1", "+local.1", ".dev3")))
    files = {f"lib/python3.11/site-packages/{number}/{name.replace('-', '_')}-{version}.dist-info/METADATA":
             f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n" for number, (name, version) in enumerate(packages)}
    target = lib.write_archive(work.new("pypi.tar"), files)
    feeds = (("pypa-advisory-database", work.feeds / "pypa-advisory-database"),)
    yield Case("made-up-pypi", feeds, target, expected(said, "PyPI", packages), ("pypi",))


def directory(work, name, files):
    root = work.new(name)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return f"dir:{root}"


def golang(work):
    root = work.unpacked(work.feeds / "govulndb/govulndb-osv.tar.zst")
    records = [json.loads(file.read_text()) for file in sorted(root.rglob("GO-*.json"))]
    said = by_package(records, "Go")
    said.pop("stdlib", None)
    said.pop("toolchain", None)
    packages = [(name, "v" + version) for name, version in bounds(said, "Go", ("-rc.1", "-0.20200101000000-abcdefabcdef"))
                if version.count(".") >= 2]
    by_number = collections.defaultdict(list)
    for name, version in packages:
        by_number[sum(1 for rows in by_number.values() if any(one == name for one, _ in rows))].append((name, version))
    files = {f"{number}/go.mod": "module example.com/m\n\nrequire (\n" + "".join(f"\t{name} {version}\n" for name, version in rows)
             + ")\n" for number, rows in by_number.items()}
    feeds = (("govulndb", work.feeds / "govulndb"),)
    yield Case("made-up-golang", feeds, directory(work, "golang", files), expected(said, "Go", packages), ("golang",))


def cargo(work):
    root = work.unpacked(work.feeds / "rustsec/rustsec-osv.tar.zst")
    records = [json.loads(file.read_text()) for file in sorted(root.rglob("RUSTSEC-*.json"))]
    said = by_package(records, "crates.io")
    packages = list(bounds(said, "crates.io", ("-rc.1", "-alpha", "+build.5")))
    text = "version = 3\n\n" + "".join(f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
                                       'source = "registry+https://github.com/rust-lang/crates.io-index"\n\n'
                                       for name, version in packages)
    feeds = (("rustsec", work.feeds / "rustsec"),)
    yield Case("made-up-cargo", feeds, directory(work, "cargo", {"Cargo.lock": text}),
               expected(said, "crates.io", packages), ("cargo",))


def cases(work):
    for make in (pypi, golang, cargo):
        yield from make(work)
