"""The clients that are built of Go modules."""

import gzip
import json
import re

import golang
import images
import lib
from client import Client
from images import demand

ARTIFACT = "application/vnd.lazaret.e2e.note"


class Module(Client):
    """A client of a package at a version."""

    package = ""
    release = ""

    def start(self):
        self.program = golang.program(self.package, self.release)
        self.auth = self.directory / "config.json"
        self.note = self.directory / "note.txt"
        self.note.write_text(f"a note of {self.name}\n")

    def version(self):
        return self.release.removeprefix("v")

    def environment(self):
        return {"HOME": self.directory, "DOCKER_CONFIG": self.directory}

    def call(self, *words, ok=(0,), stdin=None):
        return self.run(self.program, *words, ok=ok, stdin=stdin)

    def attached(self, digests):
        """The registry says that these artifacts, and no others, speak of the image."""
        found = self.bench.referrers(self.images.one.digest)
        demand(found == sorted(digests), f"{self.name}: the referrers are {found}, not {digests}")


class Crane(Module):
    name = "crane"
    package, release = "github.com/google/go-containerregistry/cmd/crane", "v0.22.1"
    lacks = {"referrers": "it has no command for them"}

    def log_in(self, user, password):
        # It writes down what it is told, and asks the registry only when it has to.
        for secret, ok in (("wrong", (1,)), (password, (0,))):
            self.call("auth", "login", "--username", user, "--password", secret, self.host)
            self.call("catalog", self.host, ok=ok)

    def push(self):
        self.call("push", self.images.layout_of_one, self.reference("one"))
        self.pushed_as_it_is("one", self.images.one.digest)

    def pull(self):
        self.call("pull", "--format=oci", self.reference("one"), self.directory / "by-tag")
        images.in_layout(self.directory / "by-tag", self.images.one.digest)

    def pull_by_digest(self):
        self.call("pull", "--format=oci", self.reference(self.images.one.digest), self.directory / "by-digest")
        images.in_layout(self.directory / "by-digest", self.images.one.digest)

    def push_index(self):
        self.call("push", "--index", self.images.layout_as_index, self.reference("many"))
        index = (self.images.layout_as_index / "index.json").read_bytes()
        self.pushed_as_it_is("many", lib.digest(index))

    def mount(self):
        begun = len(self.bench.tap.requests)
        self.call("copy", self.reference("one"), self.reference("one", self.bench.other))
        manifest = self.pushed_as_it_is("one", self.images.one.digest, self.bench.other)
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])

    def tags(self):
        tags = self.call("ls", f"{self.host}/{self.bench.repository}").split()
        demand(tags == ["many", "one"], f"crane lists {tags}")

    def delete(self):
        self.call("delete", self.reference(self.images.one.digest))
        self.gone("one")


class Oras(Module):
    name = "oras"
    package, release = "oras.land/oras/cmd/oras", "v1.3.6"

    def start(self):
        super().start()
        self.plain = ("--plain-http", "--registry-config", self.auth)
        self.source = ("--from-plain-http", "--from-registry-config", self.auth)
        self.target = ("--to-plain-http", "--to-registry-config", self.auth)

    def login_words(self, user, password):
        words = (self.program, "login", *self.plain, "--username", user, "--password-stdin", self.host)
        return *words, password

    def push(self):
        self.call("cp", "--from-oci-layout", *self.target, f"{self.images.layout}:one", self.reference("one"))
        self.pushed_as_it_is("one", self.images.one.digest)

    def pulled(self, reference, tag, digest):
        layout = self.directory / f"pulled-{tag}"
        self.call("cp", "--to-oci-layout", *self.source, reference, f"{layout}:{tag}")
        images.in_layout(layout, digest)

    def pull(self):
        self.pulled(self.reference("one"), "by-tag", self.images.one.digest)

    def pull_by_digest(self):
        self.pulled(self.reference(self.images.one.digest), "by-digest", self.images.one.digest)

    def push_index(self):
        self.call("cp", "--from-oci-layout", *self.target, f"{self.images.layout}:many", self.reference("many"))
        self.pushed_as_it_is("many", self.images.digest)
        self.pulled(self.reference("many"), "many", self.images.digest)

    def mount(self):
        begun = len(self.bench.tap.requests)
        self.call("cp", *self.source, *self.target, self.reference("one"), self.reference("one", self.bench.other))
        manifest = self.pushed_as_it_is("one", self.images.one.digest, self.bench.other)
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])

    def tags(self):
        tags = self.call("repo", "tags", *self.plain, f"{self.host}/{self.bench.repository}").split()
        demand(tags == ["many", "one"], f"oras lists {tags}")

    def referrers(self):
        words = ("attach", *self.plain, "--artifact-type", ARTIFACT, "--disable-path-validation", "--format", "json")
        said = json.loads(self.call(*words, self.reference("one"), f"{self.note}:text/plain"))
        self.attached([said["digest"]])
        words = ("discover", *self.plain, "--format", "json", "--artifact-type", ARTIFACT)
        found = json.loads(self.call(*words, self.reference("one")))["referrers"]
        demand([entry["digest"] for entry in found] == [said["digest"]], f"oras discovers {found}")

    def delete(self):
        self.call("manifest", "delete", "--force", *self.plain, self.reference(self.images.one.digest))
        self.gone("one")


class Regctl(Module):
    name = "regctl"
    package, release = "github.com/regclient/regclient/cmd/regctl", "v0.11.7"

    def start(self):
        super().start()
        self.call("registry", "set", "--tls", "disabled", "--skip-check", self.host)

    def environment(self):
        return {**super().environment(), "REGCTL_CONFIG": self.directory / "regctl.json"}

    def login_words(self, user, password):
        return self.program, "registry", "login", "--user", user, "--pass-stdin", self.host, password

    def push(self):
        self.call("image", "copy", f"ocidir://{self.images.layout}:one", self.reference("one"))
        self.pushed_as_it_is("one", self.images.one.digest)

    def pulled(self, reference, tag, digest):
        layout = self.directory / f"pulled-{tag}"
        self.call("image", "copy", reference, f"ocidir://{layout}:{tag}")
        images.in_layout(layout, digest)

    def pull(self):
        self.pulled(self.reference("one"), "by-tag", self.images.one.digest)

    def pull_by_digest(self):
        self.pulled(self.reference(self.images.one.digest), "by-digest", self.images.one.digest)

    def push_index(self):
        self.call("image", "copy", f"ocidir://{self.images.layout}:many", self.reference("many"))
        self.pushed_as_it_is("many", self.images.digest)
        self.pulled(self.reference("many"), "many", self.images.digest)

    def mount(self):
        begun = len(self.bench.tap.requests)
        self.call("image", "copy", self.reference("one"), self.reference("one", self.bench.other))
        manifest = self.pushed_as_it_is("one", self.images.one.digest, self.bench.other)
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])

    def tags(self):
        tags = self.call("tag", "ls", f"{self.host}/{self.bench.repository}").split()
        demand(tags == ["many", "one"], f"regctl lists {tags}")

    def referrers(self):
        words = ("artifact", "put", "--artifact-type", ARTIFACT, "--subject", self.reference("one"))
        said = self.call(*words, "--file", self.note, "--format", "{{ .Manifest.GetDescriptor.Digest }}").strip()
        self.attached([said])
        words = ("artifact", "list", "--filter-artifact-type", ARTIFACT, "--format", "{{json .Descriptors}}")
        found = json.loads(self.call(*words, self.reference("one")))
        demand([entry["digest"] for entry in found] == [said], f"regctl lists {found}")

    def delete(self):
        self.call("tag", "delete", self.reference("many"))
        self.gone("many")
        self.call("manifest", "delete", self.reference(self.images.one.digest))
        self.gone("one")


class Helm(Module):
    name = "helm"
    package, release = "helm.sh/helm/v3/cmd/helm", "v3.22.0"
    lacks = {
        "index push": "a chart has no platforms",
        "mount": "it does not copy between repositories",
        "referrers": "it has no command for them",
        "delete": "it does not delete in registries",
    }

    def start(self):
        super().start()
        self.plain = ("--plain-http", "--registry-config", self.auth)
        chart = {"e2e/Chart.yaml": b"apiVersion: v2\nname: e2e\nversion: 0.1.0\n", "e2e/templates/.keep": b"\n"}
        self.chart = self.directory / "e2e-0.1.0.tgz"
        self.chart.write_bytes(gzip.compress(lib.tar_of(chart), mtime=0))
        self.address = f"oci://{self.host}/{self.bench.repository}"

    def login_words(self, user, password):
        words = (self.program, "registry", "login", "--plain-http", "--registry-config", self.auth)
        return *words, "--username", user, "--password-stdin", self.host, password

    def push(self):
        self.call("push", *self.plain, self.chart, self.address)
        self.digest, manifest = images.stored(self.server, f"{self.bench.repository}/e2e", "0.1.0")
        data = images.blob(self.server, f"{self.bench.repository}/e2e", manifest["layers"][0])
        demand(data == self.chart.read_bytes(), "helm pushed another chart")

    def pulled(self, name, *words):
        place = self.directory / name
        place.mkdir()
        self.call("pull", *self.plain, "--destination", place, *words)
        [chart] = place.iterdir()
        demand(chart.read_bytes() == self.chart.read_bytes(), "helm pulled another chart")

    def pull(self):
        self.pulled("by-tag", f"{self.address}/e2e", "--version", "0.1.0")

    def pull_by_digest(self):
        self.pulled("by-digest", f"{self.address}/e2e@{self.digest}")

    def tags(self):
        # It lists tags to find the newest that fits.
        begun = len(self.bench.tap.requests)
        self.pulled("by-range", f"{self.address}/e2e", "--version", ">=0.0.1")
        asked = self.bench.tap.requests[begun:]
        demand(any("/tags/list" in path for _, path in asked), f"helm asked {asked}")


class Cosign(Module):
    name = "cosign"
    package, release = "github.com/sigstore/cosign/v2/cmd/cosign", "v2.6.5"
    lacks = {
        "index push": "it signs what is there",
        "tag list": "it does not list tags",
    }

    def start(self):
        super().start()
        images.push_raw(self.server, self.bench.repository, self.images)
        self.call("generate-key-pair", "--output-key-prefix", self.directory / "key")
        self.key, self.public = self.directory / "key.key", self.directory / "key.pub"

    def environment(self):
        return {**super().environment(), "COSIGN_PASSWORD": "", "COSIGN_EXPERIMENTAL": "1"}

    def log_in(self, user, password):
        # It writes down what it is told, and asks the registry only when it has to.
        for secret, ok in (("wrong", (1,)), (password, (0,))):
            self.call("login", "--username", user, "--password-stdin", self.host, stdin=secret)
            self.call("tree", "--allow-http-registry", self.reference("one"), ok=ok)

    def sign(self, *words):
        flags = ("--yes", "--key", self.key, "--tlog-upload=false", "--allow-http-registry")
        self.call("sign", *flags, *words, self.reference(self.images.one.digest))

    def verify(self, reference, *words):
        flags = ("--key", self.public, "--insecure-ignore-tlog", "--allow-http-registry", "--output", "json")
        payload = json.loads(self.call("verify", *flags, *words, reference).strip().splitlines()[-1])
        digest = payload[0]["critical"]["image"]["docker-manifest-digest"]
        demand(digest == self.images.one.digest, f"cosign verified {digest}")

    def push(self):
        self.sign()
        signature = re.sub(":", "-", self.images.one.digest) + ".sig"
        images.stored(self.server, self.bench.repository, signature)

    def pull(self):
        self.verify(self.reference("one"))

    def pull_by_digest(self):
        self.verify(self.reference(self.images.one.digest))

    def mount(self):
        begun = len(self.bench.tap.requests)
        words = ("--allow-http-registry", self.reference("one"), self.reference("one", self.bench.other))
        self.call("copy", *words)
        manifest = self.pushed_as_it_is("one", self.images.one.digest, self.bench.other)
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])
        self.verify(self.reference("one", self.bench.other))

    def referrers(self):
        self.sign("--registry-referrers-mode=oci-1-1")
        found = self.bench.referrers(self.images.one.digest)
        demand(len(found) == 1, f"cosign: the referrers are {found}")
        self.verify(self.reference("one"), "--experimental-oci11")

    def delete(self):
        self.call("clean", "--force", "--type", "signature", "--allow-http-registry", self.reference("one"))
        self.gone(re.sub(":", "-", self.images.one.digest) + ".sig")


ALL = (Crane, Oras, Regctl, Helm, Cosign)
