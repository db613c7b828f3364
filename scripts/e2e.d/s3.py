"""A real S3-compatible server on a loopback port: versitygw (Apache-2.0) over a directory of files."""

import atexit
import pathlib
import socket
import subprocess
import time

import golang

MODULE = "github.com/versity/versitygw/cmd/versitygw"
VERSION = "v1.8.0"
KEY, SECRET, BUCKET = "lazaret-test", "lazaret-test-secret", "blobs"


def start_s3(directory):
    """Starts a server over a fresh directory; answers endpoint, bucket, key and secret.

    It ends with this process.
    """
    directory = pathlib.Path(directory)
    (directory / "objects" / BUCKET).mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [golang.program(MODULE, VERSION), "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{port}", "--keep-alive",
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

