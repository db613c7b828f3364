"""Ubuntu: the CVE tracker.

Rules: the README of the tracker, "Package Status". A file per CVE has a line per release and source package. `released`
is fixed in that version; `needed`, `active`, `pending` are vulnerable; `needs-triage` is not known yet; `deferred` is
vulnerable and put off; `ignored` is vulnerable and left so, in most cases since the release or package has ended;
`not-affected` and `DNE` are no finding. `esm-infra/`, `esm-apps/`, `/esm` are fixes that only subscribers get: they are
no way out for others, but who has such a version has the fix, and "not affected" there is said of the same package.
"""

import collections
import re

import lib
from lib import Case, Package, deb

RELEASES = {"trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04",
            "mantic": "23.10", "noble": "24.04", "questing": "25.10"}
STATES = {"needed": "affected", "active": "affected", "pending": "affected", "needs-triage": "under_investigation",
          "deferred": "deferred"}
LINE = re.compile(r"^(?:(esm-infra|esm-apps|fips|fips-updates|ros-esm)/)?([a-z]+)(/esm)?_([a-z0-9][a-z0-9.+-]*): *([A-Za-z-]+) *(?:\((.*)\))?", re.M)


def records(work):
    """{(release, source): {CVE: {channel: (status, note)}}}; the channel of everybody is ""."""
    said = collections.defaultdict(lambda: collections.defaultdict(dict))
    root = work.unpacked(work.feeds / "ubuntu-cve-tracker/ubuntu-cve-tracker.tar.zst")
    for file in sorted([*root.glob("active/CVE-*"), *root.glob("retired/CVE-*")]):
        text = file.read_text(errors="replace")
        if re.search(r"(?m)^Description:\s*\n? *\*\* ?REJECT", text):
            continue
        for channel, release, esm, source, status, note in LINE.findall(text):
            if release in RELEASES:
                said[RELEASES[release], source][file.name][channel or esm.strip("/")] = (status, note.strip())
    return said


def state(status, note):
    """A line without a fix in our words; None where it finds nothing."""
    if status == "ignored":
        if "was not-affected" in note:
            return None
        return "end_of_life" if re.search(r"end[ -]of|\bEOL\b", note) else "will_not_fix"
    return STATES.get(status)


def cleared(channels):
    """Whether who goes on looking after a release that has ended says that it was not affected: its extended support,
    and where it has no word those of other channels. Certified builds (`fips`) alone say nothing of what others have."""
    support = [channels[name] for name in channels if "esm" in name] or [channels[name] for name in channels if name]
    return bool(support) and all(status == "not-affected" or status in ("ignored", "DNE") and "was not-affected" in note
                                 for status, note in support)


def word(channels, version):
    """What is said of a version: (status, fixed), or None."""
    status, note = channels.get("", ("DNE", ""))
    paid = [channels[name] for name in channels if name]
    if status == "released":
        return ("fixed", note) if note and deb.less(version, note) else None
    # Where everybody's updates have ended, and in a build for subscribers, versions grow along the paid channel alone.
    ended = status == "ignored" and state(status, note) == "end_of_life"
    has_paid_fix = any(kind == "released" and fix and not deb.less(version, fix) for kind, fix in paid)
    if (ended or status == "DNE" or "esm" in version) and has_paid_fix:
        return None
    if status == "DNE":
        # Nobody has it but subscribers: they have what their lines say, others no fix.
        said = ["affected" if kind == "released" else state(kind, fix) for kind, fix in paid]
        return next(((one, "") for one in said if one), None)
    one = state(status, note)
    return None if not one or ended and cleared(channels) else (one, "")


def expected(said, release, packages):
    found = {}
    for package in packages:
        for weakness, channels in said.get((release, package.source), {}).items():
            answer = word(channels, package.source_version)
            if answer:
                found[weakness, package.name, package.version] = answer
    return found


def with_pro(said, release, packages):
    """What a subscriber to ESM has, in a release that has ended for others: the fixes of that channel as well."""
    found = {}
    for package in packages:
        for weakness, channels in said.get((release, package.source), {}).items():
            paid = [channels[name] for name in channels if "esm" in name]
            fixes = [note for status, note in paid if status == "released" and note]
            if channels.get("", ("",))[0] == "ignored" and fixes and len(paid) == 1:
                if deb.less(package.source_version, fixes[0]):
                    found[weakness, package.name, package.version] = ("fixed", fixes[0])
    return found


def only_paid(said, release):
    """What is said of packages that ESM mended after everybody's updates had ended."""
    kept = {}
    for (where, source), weaknesses in said.items():
        mended = {one: channels for one, channels in weaknesses.items() if where == release
                  and channels.get("", ("",))[0] == "ignored" and "esm-infra" in channels
                  and channels["esm-infra"][0] == "released" and channels["esm-infra"][1]}
        if mended:
            kept[where, source] = mended
    return kept


def pro_case(work, said, feeds, release, codename):
    """An image of a subscriber; compared are only weaknesses that ESM mended."""
    kept = only_paid(said, release)
    packages = list(made_up(kept, release))
    target = lib.write_dpkg(work, "ubuntu-pro-" + release, f"ID=ubuntu\nVERSION_ID={release}\n", packages, {
        "etc/apt/sources.list.d/ubuntu-esm-infra.list":
            f"deb https://esm.ubuntu.com/infra/ubuntu {codename}-infra-security main\n"})
    return Case(f"pro-{release}", feeds, target, with_pro(kept, release, packages),
                only={(one, source) for (_, source), rows in kept.items() for one in rows})


def made_up(said, release):
    """For each source of a release packages round the versions that the tracker names for it."""
    for (where, source), weaknesses in sorted(said.items()):
        if where == release:
            versions = deb.sorted({note for channels in weaknesses.values() for status, note in channels.values()
                                   if status == "released" and re.fullmatch(r"[0-9][A-Za-z0-9.+~:-]*", note)} or {"1"})
            chosen = {"first": versions[0], "middle": versions[len(versions) // 2], "last": versions[-1]}
            for name, version in chosen.items():
                yield Package("deb", f"{source}-{name}", "9:1", source, version, "amd64")


def cases(work):
    said = records(work)
    feeds = (("ubuntu-cve-tracker", work.feeds / "ubuntu-cve-tracker"),)
    for target in sorted((work.rootfs / "debian-ubuntu/slices").glob("ubuntu-*.zst")):
        packages = list(lib.dpkg(lib.members(target, "var/lib/dpkg/status").popitem()[1].decode()))
        release = lib.release_of(target)["VERSION_ID"]
        yield Case(target.name, feeds, target, expected(said, release, packages), ("deb",))
    for codename in ("xenial", "bionic"):
        yield pro_case(work, said, feeds, RELEASES[codename], codename)
    for release in RELEASES.values():
        packages = list(made_up(said, release))
        target = lib.write_dpkg(work, "ubuntu-made-up-" + release, f"ID=ubuntu\nVERSION_ID={release}\n", packages)
        yield Case(f"made-up-{release}", feeds, target, expected(said, release, packages))
