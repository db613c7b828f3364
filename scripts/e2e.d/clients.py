"""skopeo and the AWS command line, unchanged, from login to findings."""

import json

import lib
from lib import check, run

# Image, its root file system, and how many packages its database holds.
IMAGES = {
    "alpine-20210212": "alpine/alpine-minirootfs-20210212-x86_64.tar.gz",
    "debian-10.1": "reconstructed/debian-10.1-buster.dpkg.tar.zst",
    "debian-12": "debian-ubuntu/debian-bookworm-minbase-slim.tar.zst",
}
COPY = ("skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", "--src-tls-verify=false")


def findings_of_ecr(server, repository, tag="latest"):
    """Every finding that ECR's API lists, by its own paging."""
    answer = json.loads(
        server.aws("describe-image-scan-findings", "--repository-name", repository, "--image-id", f"imageTag={tag}")
    )
    found = []
    for finding in answer["imageScanFindings"]["findings"]:
        attributes = {entry["key"]: entry["value"] for entry in finding["attributes"]}
        found.append((finding["name"], attributes["package_name"], attributes["package_version"]))
    return answer, sorted(found)


def rows(document):
    return sorted((f["id"], f["package"]["name"], f["package"]["version"]) for f in document["findings"])


def push_and_compare(directory, server, db, name, rootfs):
    layout = directory / name
    layout.mkdir()
    digest = lib.oci_layout(layout, lib.unpacked(lib.ROOTFS / rootfs))
    archive = directory / f"{name}.tar"
    lib.oci_archive(layout, archive)
    repository = f"e2e/{name}"
    target = f"docker://{server.host}/{repository}:latest"
    auth = directory / "auth.json"
    run(*COPY, "--dest-authfile", auth, f"oci:{layout}:latest", target)
    server.aws("wait", "image-scan-complete", "--repository-name", repository, "--image-id", "imageTag=latest")
    answer, found = findings_of_ecr(server, repository)
    expected = lib.expected(name)
    check(found == expected, f"{name}: ECR lists the {len(expected)} findings that were expected")
    check(answer["imageScanStatus"]["status"] == "COMPLETE", f"{name}: COMPLETE")
    images = json.loads(server.aws("describe-images", "--repository-name", repository))["imageDetails"]
    counts = images[0]["imageScanFindingsSummary"]["findingSeverityCounts"]
    check(sum(counts.values()) == len(expected), f"{name}: describe-images shows the summary {counts}")
    check(images[0]["imageDigest"] == digest and images[0]["imageTags"] == ["latest"], f"{name}: digest and tag")
    status, _, body = server.request("GET", f"/api/v1/scans/{digest}")
    of_server = json.loads(body)
    check(status == 200 and rows(of_server) == expected, f"{name}: the native API answers the same")
    for target in (f"oci-dir:{layout}", archive):
        of_command = json.loads(run(lib.LAZARET, "scan", target, "--db", db, "--format", "json"))
        check(of_command["findings"] == of_server["findings"], f"{name}: 'lazaret scan' finds the same in {target}")
    back = directory / f"{name}-back"
    run(*COPY, "--src-authfile", auth, f"docker://{server.host}/{repository}@{digest}", f"oci:{back}:latest")
    index = json.loads((back / "index.json").read_text())
    check(index["manifests"][0]["digest"] == digest, f"{name}: pulled back with the same digest")


def main(directory, db):
    server = lib.Server(directory / "data", db)
    try:
        anonymous = server.request("GET", "/v2/", auth=False)
        check(anonymous[0] == 401 and anonymous[1]["www-authenticate"].startswith("Basic "), "nobody comes in unasked")
        password = run("aws", "ecr", "get-login-password", env=server.aws_env()).strip()
        auth = directory / "auth.json"
        login = ("skopeo", "login", "--tls-verify=false", "--authfile", auth, "--username")
        run(*login, server.key_id, "--password-stdin", server.host, stdin=server.secret)
        check(True, "skopeo logs in with the access key")
        run(*login, "AWS", "--password-stdin", server.host, stdin=password)
        check(True, "skopeo logs in as AWS with ECR's token")
        for name, rootfs in IMAGES.items():
            push_and_compare(directory, server, db, name, rootfs)
        repositories(server)
        run(*COPY, "--dest-authfile", auth, "--format", "v2s2", f"oci:{directory / 'debian-12'}:latest",
            f"docker://{server.host}/e2e/schema2:latest")
        server.aws("wait", "image-scan-complete", "--repository-name", "e2e/schema2", "--image-id", "imageTag=latest")
        check(True, "a Docker schema 2 manifest is scanned as well")
        tags = json.loads(run("skopeo", "list-tags", "--tls-verify=false", "--authfile", auth,
                              f"docker://{server.host}/e2e/debian-12"))
        check(tags["Tags"] == ["latest"], "skopeo lists the tags")
    finally:
        check(server.stop() == 0, "the server ends with 0 when asked")


def repositories(server):
    made = json.loads(server.aws("create-repository", "--repository-name", "e2e/made"))["repository"]
    check(made["repositoryUri"] == f"{server.host}/e2e/made", "create-repository")
    names = [row["repositoryName"] for row in json.loads(server.aws("describe-repositories"))["repositories"]]
    check(names == sorted([f"e2e/{name}" for name in IMAGES] + ["e2e/made"]), "describe-repositories")
    paged = json.loads(server.aws("describe-repositories", "--page-size", "1"))["repositories"]
    check([row["repositoryName"] for row in paged] == names, "describe-repositories page by page")
    server.aws("put-image-scanning-configuration", "--repository-name", "e2e/made",
               "--image-scanning-configuration", "scanOnPush=true")
    server.aws("start-image-scan", "--repository-name", "e2e/debian-12", "--image-id", "imageTag=latest")
    server.aws("wait", "image-scan-complete", "--repository-name", "e2e/debian-12", "--image-id", "imageTag=latest")
    check(True, "start-image-scan, twice for one image in a day")
    listed = json.loads(server.aws("list-images", "--repository-name", "e2e/debian-12"))["imageIds"]
    check(len(listed) == 1 and listed[0]["imageTag"] == "latest", "list-images")
    refused = run("aws", "ecr", "describe-image-scan-findings", "--repository-name", "e2e/none",
                  "--image-id", "imageTag=x", env=server.aws_env(), ok=(254, 255))
    check(refused == "", "a repository that is not there is an error")
    wrong = {**server.aws_env(), "AWS_SECRET_ACCESS_KEY": "wrong"}
    run("aws", "ecr", "describe-repositories", env=wrong, ok=(254, 255))
    check(True, "a wrong secret is refused")
    server.aws("delete-repository", "--repository-name", "e2e/made")
    left = json.loads(server.aws("describe-repositories"))["repositories"]
    check("e2e/made" not in [row["repositoryName"] for row in left], "delete-repository")
