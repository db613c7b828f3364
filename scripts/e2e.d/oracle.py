"""A sample of the oracle: what is found must be what a reading of the feeds by other code finds. All of it: oracle/run."""

import subprocess
import sys

import lib
from lib import check

# Those that need no more than dpkg's and rpm's own programs, and a minute.
FEEDS = ["debian", "alpine", "photon", "wolfi", "arch", "azure", "suse", "oracle_linux", "redhat/manifest"]


def main(_directory, _db):
    words = [sys.executable, lib.ROOT / "oracle" / "run", "--program", lib.LAZARET, "--shared", lib.SHARED, *FEEDS]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"e2e: FAILED: the oracle says otherwise:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    cases = [line for line in done.stdout.splitlines() if ": expected " in line]
    check(len(cases) > 100, f"{len(cases)} images have what the oracle expects of them, or a reason")
