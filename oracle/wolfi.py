"""Wolfi, Chainguard, MinimOS: a security database each, of Alpine's form, in one file and without branches.

Rules: as Alpine's, but that an entry is one identifier. `0` says that a package was never affected.
"""

import json

import lib
from lib import Case
from alpine import entry, expected, made_up

FILES = (("wolfi", "vunnel-fixtures.tar.zst", "tests/unit/providers/wolfi/test-fixtures/input/secdb/security.json"),
         ("wolfi", "vuls-data-update-fixtures.tar.zst", "pkg/fetch/wolfi/secdb/testdata/fixtures/happy/security.json"),
         ("chainguard", "vunnel-fixtures.tar.zst", "tests/unit/providers/chainguard/test-fixtures/input/secdb/security.json"),
         ("chainguard", "vuls-data-update-fixtures.tar.zst",
          "pkg/fetch/chainguard/secdb/testdata/fixtures/happy/security.json"),
         ("minimos", "vunnel-fixtures.tar.zst", "tests/unit/providers/minimos/test-fixtures/input/secdb/security.json"),
         ("minimos", "vuls-data-update-fixtures.tar.zst", "pkg/fetch/minimos/secdb/testdata/fixtures/happy/security.json"))


def cases(work):
    for number, (name, archive, path) in enumerate(FILES):
        file = work.unpacked(work.feeds / "_format-samples" / archive) / path
        said = {}
        for row in json.loads(file.read_text())["packages"]:
            for version, entries in (row["pkg"]["secfixes"] or {}).items():
                for text in entries or []:
                    for weakness in entry(text):
                        said.setdefault(("", row["pkg"]["name"]), []).append((weakness, version))
        packages = list(made_up(said, ""))
        target = lib.write_apk(work, f"{name}-{number}", f"ID={name}\nVERSION_ID=20230201\n", packages)
        yield Case(f"made-up-{name}-{number}", ((name, file.parent),), target, expected(said, "", packages))
