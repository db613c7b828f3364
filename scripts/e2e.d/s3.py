"""A real S3-compatible server on a loopback port, and the store's conformance suite against it.

The server is versitygw (Apache-2.0) over a directory of files, built by Go from its module into
target/e2e/. Run alone, this file runs the suite; others import `start_s3`.
"""

import atexit
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "e2e" / "s3"
VERSION = "v1.8.0"
KEY, SECRET, BUCKET = "lazaret-test", "lazaret-test-secret", "blobs"


def install():
    """Builds the server, unless it is there; answers its path."""
    program = TOOLS / f"versitygw-{VERSION}"
    if not program.exists():
        print(f"s3: building versitygw {VERSION}", flush=True)
        TOOLS.mkdir(parents=True, exist_ok=True)
        module = f"github.com/versity/versitygw/cmd/versitygw@{VERSION}"
        subprocess.run(["go", "install", module], check=True, env={**os.environ, "GOBIN": str(TOOLS)})
        (TOOLS / "versitygw").rename(program)
    return program


def start_s3(directory):
    """Starts a server over a fresh directory; answers endpoint, bucket, key and secret.

    It ends with this process.
    """
    directory = pathlib.Path(directory)
    (directory / "objects" / BUCKET).mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [install(), "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{port}", "--keep-alive",
               "--quiet", "posix", directory / "objects"]
    log = open(directory / "s3.log", "ab")
    process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    atexit.register(stop, process)
    deadline = time.monotonic() + 30
    while True:
        if process.poll() is not None:
            raise SystemExit(f"s3: FAILED: the server ended at its start\n{(directory / 's3.log').read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return f"http://127.0.0.1:{port}", BUCKET, KEY, SECRET
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit("s3: FAILED: the server does not answer") from None
            time.sleep(0.02)


def stop(process):
    process.terminate()
    process.wait(timeout=30)


def address(endpoint, bucket, key, secret):
    """All of it as the one URL that the store's tests read."""
    scheme, host = endpoint.split("://")
    return f"{scheme}://{key}:{secret}@{host}/{bucket}"


def main():
    wanted = sys.argv[1:] or ["real_s3"]
    with tempfile.TemporaryDirectory(prefix="lazaret-s3-") as directory:
        env = {**os.environ, "LAZARET_TEST_S3": address(*start_s3(directory))}
        command = ["cargo", "test", "-p", "store", "--test", "conformance", "--", "--ignored", *wanted]
        done = subprocess.run(command, cwd=ROOT, env=env)
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
