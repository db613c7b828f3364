"""Runs every end-to-end check, or those that are named on the command line."""

import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import clients  # noqa: E402
import crash  # noqa: E402
import hostile  # noqa: E402
import lib  # noqa: E402

CHECKS = {"clients": clients.main, "hostile": hostile.main, "crash": crash.main}


def main():
    wanted = sys.argv[1:] or list(CHECKS)
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
            CHECKS[name](directory / name, db)
            print(f"  {name} took {time.monotonic() - begun:.1f} s", flush=True)
    print(f"{lib.check.passed} passed, 0 failed")


main()
