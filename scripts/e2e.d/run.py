"""Runs the end-to-end checks: those of CI, those that are named, or with `--all` every one."""

import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import clients  # noqa: E402
import conformance  # noqa: E402
import crash  # noqa: E402
import crash_events  # noqa: E402
import database  # noqa: E402
import full_disk  # noqa: E402
import gate  # noqa: E402
import hostile  # noqa: E402
import indexes  # noqa: E402
import lib  # noqa: E402
import limits  # noqa: E402
import matrix  # noqa: E402
import oracle  # noqa: E402
import powercut  # noqa: E402
import sbom  # noqa: E402
import shared  # noqa: E402

# What runs in CI, in this order.
PARTS = {
    "clients": clients.main,
    "indexes": indexes.main,
    "gate": gate.main,
    "database": database.main,
    "sbom": sbom.main,
    "oracle": oracle.main,
    "hostile": hostile.main,
    "limits": limits.main,
    "crash": crash.main,
    "crash-events": crash_events.main,
    "powercut": powercut.main,
    "full-disk": full_disk.main,
    "shared": shared.main,
    "conformance": conformance.main,
    "matrix": matrix.main,
}
# What takes longer, or needs more than CI should build: by name, or with --all.
LONGER = {
    "matrix-modules": matrix.main_of_modules,
}


def main():
    known = {**PARTS, **LONGER}
    words = sys.argv[1:]
    wanted = list(known) if "--all" in words else [word for word in words if word != "--all"] or list(PARTS)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit(f"e2e: there is no part {', '.join(unknown)}, but {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="lazaret-e2e-") as directory:
        directory = pathlib.Path(directory)
        db = directory / "advisories.db"
        feeds = directory / "feeds"
        feeds.mkdir()
        for name in ("alpine-secdb-derived", "debian-security-tracker"):
            (feeds / name).symlink_to(lib.FEEDS / name)
        lib.run(lib.LAZARET, "db", "build", "--from", feeds, "--out", db)
        for name in wanted:
            print(f"{name}:", flush=True)
            begun = time.monotonic()
            (directory / name).mkdir()
            known[name](directory / name, db)
            print(f"  {name} took {time.monotonic() - begun:.1f} s", flush=True)
    print(f"{lib.check.passed} passed, 0 failed")


main()
