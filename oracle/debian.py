"""Debian: the security tracker's lists of bulletins (DSA, DLA, DTSA) and its export.

Rules: https://security-team.debian.org/security_tracker.html and the lists' own form. A bulletin says of a release and a
source package which version mends all of its CVEs. Whatever is older is affected. Where several bulletins speak of a
CVE, the tracker takes the highest version. `<not-affected>` takes a package out.
"""

import json
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
    yield from export_cases(work)
    yield from list_cases(work)


def by_export(export, codename, packages):
    """The tracker's export: `resolved` in a version (`0`: never affected), `open`, `undetermined`; an open one has a reason
    why no bulletin comes (`nodsa_reason`), or an urgency that says that support has ended."""
    expected = {}
    for package in packages:
        for weakness, record in export.get(package.source, {}).items():
            said = record["releases"].get(codename)
            if said is None:
                continue
            answer = None
            if said["status"] == "resolved":
                fixed = said["fixed_version"]
                answer = ("fixed", fixed) if fixed != "0" and deb.less(package.source_version, fixed) else None
            elif said["status"] == "undetermined":
                answer = "under_investigation", ""
            elif said.get("urgency") == "end-of-life":
                answer = "end_of_life", ""
            else:
                reason = said.get("nodsa_reason")
                answer = "affected" if reason is None else "will_not_fix" if reason == "ignored" else "deferred", ""
            if answer:
                expected[weakness, package.name, package.version] = answer
    return expected


def all_states():
    """An export with each combination of what it can say, made for this check."""
    number, export = 0, {}
    for source in ("one", "two"):
        for urgency in ("high", "medium**", "low", "unimportant", "not yet assigned", "end-of-life"):
            for reason in (None, "", "ignored", "postponed"):
                number += 1
                said = {"status": "open", "urgency": urgency, "repositories": {"bookworm": "2.0-1"}}
                if reason is not None:
                    said |= {"nodsa": "Minor issue", "nodsa_reason": reason}
                export.setdefault(source, {})[f"CVE-2024-{number:04}"] = {"releases": {"bookworm": said}}
            for status, fixed in (("resolved", "0"), ("resolved", "2.0-1"), ("resolved", "1:0.1-1"), ("undetermined", "")):
                number += 1
                said = {"status": status, "urgency": urgency, "repositories": {"bookworm": "2.0-1"}}
                said |= {"fixed_version": fixed} if fixed else {}
                export.setdefault(source, {})[f"CVE-2024-{number:04}"] = {"releases": {"bookworm": said}}
    return export


def export_cases(work):
    samples = work.unpacked(work.feeds / "_format-samples/vunnel-fixtures.tar.zst")
    real = json.loads((samples / "tests/unit/providers/debian/test-fixtures/input/debian.json").read_text())
    # Records that are broken on purpose are no part of this.
    real = {source: {name: record for name, record in rows.items() if isinstance(record.get("releases"), dict)}
            for source, rows in real.items()}
    other = work.unpacked(work.feeds / "_format-samples/vuls-data-update-fixtures.tar.zst")
    file = other / "pkg/fetch/debian/tracker/api/testdata/fixtures/advisory.json"
    for name, export in (("vunnel", real), ("vuls", json.loads(file.read_text())), ("all-states", all_states())):
        feed = work.new(f"debian-export-{name}")
        feed.mkdir()
        (feed / "debian.json").write_text(json.dumps(export))
        for codename, release in CODENAMES.items():
            if any(codename in record["releases"] for rows in export.values() for record in rows.values()):
                packages = []
                for source, rows in export.items():
                    versions = {said["fixed_version"] for record in rows.values() for said in record["releases"].values()
                                if said.get("fixed_version", "0") != "0"} | {"1.0-1"}
                    packages += [Package("deb", f"{source}-{place}", "9:1+b1", source, version, "amd64") for place, version in
                                 enumerate(sorted(versions | {version + "~" for version in versions}))]
                target = lib.write_dpkg(work, f"debian-export-{name}-{release}", f"ID=debian\nVERSION_ID={release}\n", packages)
                yield Case(f"export/{name}-{release}", (("debian", feed),), target, by_export(export, codename, packages))


STATES = {"<no-dsa>": "deferred", "<postponed>": "deferred", "<ignored>": "will_not_fix", "<unfixed>": "affected",
          "<removed>": "affected", "<end-of-life>": "end_of_life", "<undetermined>": "under_investigation"}


def made_up_list():
    """CVE/list and DSA/list with each pair of what can be said of unstable and of a release, made for this check:
    {CVE: (unstable, bookworm, the bulletin's version)}, None where a line is missing."""
    words = ["2.0-2", *STATES, "<not-affected>"]
    rows, number = {}, 0
    for unstable in [*words, None]:
        if unstable in ("<no-dsa>", "<postponed>", "<ignored>", "<end-of-life>"):
            continue
        for release in [*[word for word in words if word != "<removed>"], None]:
            # A bulletin beside a line that says that nothing is mended contradicts it: nobody can say what is right.
            for bulletin in (None, "2.0-1+deb12u1")[:1 if release in ("<unfixed>", "<undetermined>", "<end-of-life>") else 2]:
                number += 1
                rows[f"CVE-2024-{number:04}"] = unstable, release and release.replace("2.0-2", "2.0-1+deb12u2"), bulletin
    return rows


def list_texts(rows):
    weaknesses, bulletins = "", ""
    for place, (weakness, (unstable, release, bulletin)) in enumerate(rows.items()):
        weaknesses += f"{weakness} (Something is wrong ...)\n"
        if bulletin:
            weaknesses += f"\t{{DSA-{9000 + place}-1}}\n"
            bulletins = (f"[01 Jan 2024] DSA-{9000 + place}-1 one - security update\n\t{{{weakness}}}\n"
                         f"\t[bookworm] - one {bulletin}\n") + bulletins
        weaknesses += (f"\t- one {unstable}\n" if unstable else "") + (f"\t[bookworm] - one {release}\n" if release else "")
    return weaknesses, bulletins


def by_list(rows, packages):
    """The tracker's rules (security_db.py, "copyNotes"): a release has its own line and its bulletins, the higher version of
    which counts; a line without a version wins over a bulletin, but a remark why there is none (`<no-dsa>`) does not. Without
    any of these a release has what unstable has. What is put off is affected until it has unstable's version."""
    expected = {}
    for package in packages:
        for weakness, (unstable, release, bulletin) in rows.items():
            version, answer = package.source_version, None
            in_unstable = unstable is not None and not unstable.startswith("<") and not deb.less(version, unstable)
            fixes = [one for one in (release, bulletin) if one and not one.startswith("<")]
            if release == "<not-affected>":
                answer = None
            elif fixes and release not in ("<unfixed>", "<undetermined>", "<end-of-life>"):
                fixed = deb.highest(fixes)
                answer = ("fixed", fixed) if deb.less(version, fixed) else None
            elif release in STATES:
                answer = (STATES[release], "") if not in_unstable or release in ("<unfixed>", "<undetermined>", "<end-of-life>") \
                    else None
            elif unstable in STATES:
                answer = STATES[unstable], ""
            elif unstable and unstable != "<not-affected>" and not in_unstable:
                answer = "affected", ""
            if answer:
                expected[weakness, package.name, package.version] = answer
    return expected


def list_cases(work):
    rows = made_up_list()
    weaknesses, bulletins = list_texts(rows)
    feed = work.new("debian-list")
    for name, text in (("CVE", weaknesses), ("DSA", bulletins)):
        (feed / name).mkdir(parents=True)
        (feed / name / "list").write_text(text)
    versions = ("1.0-1", "2.0-1", "2.0-1+deb12u1", "2.0-1+deb12u2", "2.0-2", "2.1-1")
    packages = [Package("deb", f"one-{version}", "9:1", "one", version, "amd64") for version in versions]
    target = lib.write_dpkg(work, "debian-list-12", "ID=debian\nVERSION_ID=12\n", packages)
    yield Case("cve-list/made-up-12", (("debian", feed),), target, by_list(rows, packages))
