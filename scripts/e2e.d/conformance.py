"""The conformance suites of the OCI distribution specification, with nothing left out unsaid.

Two stand in one Go module: the one that the specification's 1.1 was released with, by workflows,
and its successor, by endpoints and kinds of content. Both run against a server with authentication
on. A skipped test must stand below with its reason; what stands there and is not skipped is an
error as well.
"""

import collections
import contextlib
import http.client
import os
import socket
import subprocess
import xml.etree.ElementTree as ElementTree

import golang
import lib
from lib import check

MODULE = "github.com/opencontainers/distribution-spec/conformance"
WORKFLOWS = "v0.0.0-20231101194043-f2182352d4cc"
ENDPOINTS = "v0.0.0-20260831232431-97274622c111"

# Of the suite by workflows: the end of a test's name, and why it is skipped.
SKIPPED_WORKFLOWS = {
    "Pull Setup Get tag name from environment": "for registries that nothing can be pushed to",
    "Content Discovery Setup Populate registry with test tags (no push)": "for registries that nothing can be pushed to",
    "Cross-mounting of nonexistent blob should yield session id":
        "runs where the mount before it was answered with 202, and this server mounts",
    "Cross-mounting without from, and automatic content discovery disabled should return a 202":
        "the server mounts without from; the opposite test runs",
}

# Of the suite by endpoints, with everything of the draft switched on.
SKIPPED_ENDPOINTS = {}

# What the specification leaves to the registry and this one does not do.
NOT_OFFERED = {
    "OCI_DATA_SPARSE": "a manifest must find what it names: MANIFEST_BLOB_UNKNOWN",
}


def outcomes(path):
    """Of a JUnit report: the names of the tests by outcome."""
    found = collections.defaultdict(list)
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        found[status if status in ("passed", "skipped") else "failed"].append(case.get("name"))
    return found


def judge(suite, found, reasons, least):
    passed, failed, skipped = (found[status] for status in ("passed", "failed", "skipped"))
    print(f"  {suite}: {len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped", flush=True)
    for name in failed:
        print(f"    failed: {name}")
    unsaid, met = [], set()
    for name in skipped:
        reason = next((end for end in reasons if name.endswith(end)), None)
        met.add(reason)
        print(f"    skipped: {name}: {reasons.get(reason, 'NO REASON KNOWN')}")
        if reason is None:
            unsaid.append(name)
    check(not failed, f"{suite}: none failed")
    check(not unsaid, f"{suite}: every skipped test has its reason")
    check(set(reasons) <= met, f"{suite}: what is said to be skipped is skipped")
    check(len(passed) >= least, f"{suite}: {least} passed at least")


def suite(program, directory, settings):
    """Runs a suite to its end; its report is left in the directory."""
    directory.mkdir()
    own = {name: value for name, value in os.environ.items() if not name.startswith("OCI_")}
    with open(directory / "output.txt", "wb") as output:
        done = subprocess.run([program], cwd=directory, env={**own, **settings}, stdout=output, stderr=output, timeout=300)
    report = next(directory.rglob("junit.xml"), None)
    if report is None:
        text = (directory / "output.txt").read_text()[-4000:]
        raise SystemExit(f"e2e: FAILED: {program} ended with {done.returncode} and no report\n{text}")
    if done.returncode != 0:
        print((directory / "output.txt").read_text()[-8000:])
    return outcomes(report)


def by_workflows(server, directory):
    settings = {
        "OCI_ROOT_URL": f"http://{server.host}",
        "OCI_AUTOMATIC_CROSSMOUNT": "1",
        "OCI_USERNAME": server.key_id,
        "OCI_PASSWORD": server.secret,
        "OCI_TEST_PULL": "1",
        "OCI_TEST_PUSH": "1",
        "OCI_TEST_CONTENT_DISCOVERY": "1",
        "OCI_TEST_CONTENT_MANAGEMENT": "1",
        "OCI_HIDE_SKIPPED_WORKFLOWS": "0",
    }
    program = golang.tests(MODULE, WORKFLOWS)
    for first in ("0", "1"):
        order = "blobs first" if first == "0" else "manifests first"
        of_order = {
            "OCI_DELETE_MANIFEST_BEFORE_BLOBS": first,
            "OCI_NAMESPACE": f"workflows/{first}",
            "OCI_CROSSMOUNT_NAMESPACE": f"workflows/{first}-other",
        }
        found = suite(program, directory / f"workflows-{first}", {**settings, **of_order})
        judge(f"by workflows, {order} deleted", found, SKIPPED_WORKFLOWS, 70)


def by_endpoints(server, directory):
    settings = {
        "OCI_REGISTRY": server.host,
        "OCI_TLS": "disabled",
        "OCI_REPO1": "endpoints/one",
        "OCI_REPO2": "endpoints/two",
        "OCI_USERNAME": server.key_id,
        "OCI_PASSWORD": server.secret,
        # 1.1 with what its draft adds: the tag parameter, ends of uploads, digests in every answer.
        "OCI_VERSION": "dev",
        "OCI_RESULTS_DIR": "results",
        **{name: "false" for name in NOT_OFFERED},
    }
    for name, reason in NOT_OFFERED.items():
        print(f"  {name} is off: {reason}")
    found = suite(golang.program(MODULE, ENDPOINTS), directory / "endpoints", settings)
    judge("by endpoints", found, SKIPPED_ENDPOINTS, 780)


def on_the_wire(server):
    """What the suites' HTTP client hides: bytes of requests and answers."""

    def answer(head, body=b"", stop=b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            head = head.replace("\n", "\r\n") + f"\r\nAuthorization: {server.authorization()}\r\n\r\n"
            connection.sendall(head.encode() + body)
            text = b""
            while stop not in text:
                piece = connection.recv(65536)
                if not piece:
                    break
                text += piece
            return text.decode()

    with contextlib.closing(http.client.HTTPConnection(server.host, timeout=20)) as connection:
        for size in (1000, 3_000_000):
            statuses = []
            for headers in ({}, {"Authorization": server.authorization()}):
                connection.request("POST", "/v2/wire/blobs/uploads/?digest=sha256:short", bytes(size), headers)
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
            check(statuses == [401, 400], f"a connection goes on behind refused requests of {size} bytes")
    data = b"0123456789"
    name = lib.digest(data)
    post = f"POST /v2/wire/blobs/uploads/?digest={name} HTTP/1.1\nHost: {server.host}"
    continued = answer(f"{post}\nContent-Length: 10\nExpect: 100-continue", stop=b"HTTP/1.1 100 Continue\r\n\r\n")
    check(continued.startswith("HTTP/1.1 100 "), "who expects 100 Continue is told to go on")
    chunked = answer(f"{post}\nTransfer-Encoding: chunked", b"4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n")
    check(chunked.startswith("HTTP/1.1 201 "), "a body of chunks is taken")
    path = f"/v2/wire/blobs/{name.replace(':', '%3A')}"
    get = f"GET {path} HTTP/1.1\nHost: {server.host}"
    check(answer(get, stop=data).endswith("0123456789"), "a digest may be percent-encoded")
    part = answer(f"{get}\nRange: bytes=2-4", stop=b"\r\n\r\n234")
    check(part.startswith("HTTP/1.1 206 ") and part.endswith("\r\n\r\n234"), "a range is answered with its bytes")
    known = answer(f"{get}\nIf-None-Match: \"{name}\"\nConnection: close", stop=b"never")
    check(known.startswith("HTTP/1.1 304 ") and known.endswith("\r\n\r\n"), "what the client has is 304 without a body")
    head = answer(f"HEAD {path} HTTP/1.1\nHost: {server.host}\nConnection: close", stop=b"never")
    check("content-length: 10\r\n" in head.lower() and head.endswith("\r\n\r\n"), "HEAD tells the length, without a body")


def main(directory, db):
    server = lib.Server(directory / "data", db)
    try:
        on_the_wire(server)
        by_workflows(server, directory)
        by_endpoints(server, directory)
        golang.forget_sources()
    finally:
        check(server.stop() == 0, "the server ends with 0 when asked")
