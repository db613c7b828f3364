"""Arch Linux: the security tracker's groups.

Rules: https://wiki.archlinux.org/title/Arch_Security_Team/Procedures. A group (AVG) is a set of issues of packages: `Fixed` in a
version, `Testing` (the fix is not in the stable repositories), `Vulnerable`, `Not affected`, `Unknown`.
"""

import json

import lib
from lib import Case, Package, rpm

FILES = (("vunnel-fixtures.tar.zst", "tests/unit/providers/arch/test-fixtures/input/arch-advisories/all.json"),
         ("vuln-list-update-testdata.tar.zst", "arch/testdata/archlinux.json"),
         ("vuls-data-update-fixtures.tar.zst", "pkg/fetch/arch/testdata/fixtures/advisory.json"))


def expected(groups, packages):
    found = {}
    for package in packages:
        for group in groups:
            if package.name not in group["packages"]:
                continue
            for weakness in group["issues"] or [group["name"]]:
                key = weakness, package.name, package.version
                if group["status"] == "Fixed" and rpm.less(package.version, group["fixed"]):
                    found[key] = ("fixed", group["fixed"])
                elif group["status"] in ("Vulnerable", "Testing"):
                    found[key] = ("affected", "")
                elif group["status"] == "Unknown":
                    found[key] = ("under_investigation", "")
    return found


def cases(work):
    for number, (archive, path) in enumerate(FILES):
        file = work.unpacked(work.feeds / "_format-samples" / archive) / path
        groups, packages = json.loads(file.read_text()), []
        for group in groups:
            for name in group["packages"]:
                for suffix, version in (("", group["fixed"]), ("", group["affected"]), ("", "0.1-1")):
                    if version and (name, version) not in {(one.name, one.version) for one in packages}:
                        packages.append(Package("alpm", name, version, name, version, "x86_64"))
        files = {"etc/os-release": "ID=arch\n"}
        for one in packages:
            files[f"var/lib/pacman/local/{one.name}-{one.version}/desc"] = \
                f"%NAME%\n{one.name}\n\n%VERSION%\n{one.version}\n\n%BASE%\n{one.name}\n\n%ARCH%\nx86_64\n\n"
        target = lib.write_archive(work.new(f"arch-{number}.tar"), files)
        feed = work.new(f"arch-feed-{number}")
        feed.mkdir()
        (feed / "all.json").write_text(file.read_text())
        yield Case(f"made-up-{number}", (("arch", feed),), target, expected(groups, packages))
