"""The clients that Debian packages."""

import json
import os
import subprocess
import time

import images
import lib
from client import Client, NotHere
from images import demand

NO_DELETION = "it does not delete in registries"
BEFORE_REFERRERS = "older than referrers"


class Skopeo(Client):
    name = "skopeo"
    lacks = {"referrers": BEFORE_REFERRERS}

    def start(self):
        self.auth = self.directory / "auth.json"

    def version(self):
        return self.run("skopeo", "--version").split()[2]

    def login_words(self, user, password):
        words = ("skopeo", "login", "--tls-verify=false", "--authfile", self.auth, "--username", user)
        return *words, "--password-stdin", self.host, password

    def copy(self, *words):
        flags = ("--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", "--authfile", self.auth)
        self.run("skopeo", "copy", *flags, *words)

    def push(self):
        self.copy(f"oci:{self.images.layout}:one", f"docker://{self.reference('one')}")
        self.pushed_as_it_is("one", self.images.one.digest)

    def pull(self):
        self.copy(f"docker://{self.reference('one')}", f"oci:{self.directory}/by-tag:one")
        images.in_layout(self.directory / "by-tag", self.images.one.digest)

    def pull_by_digest(self):
        self.copy(f"docker://{self.reference(self.images.one.digest)}", f"oci:{self.directory}/by-digest:one")
        images.in_layout(self.directory / "by-digest", self.images.one.digest)

    def push_index(self):
        self.copy("--all", f"oci:{self.images.layout}:many", f"docker://{self.reference('many')}")
        self.pushed_as_it_is("many", self.images.digest)
        self.copy("--all", f"docker://{self.reference('many')}", f"oci:{self.directory}/many:many")
        images.in_layout(self.directory / "many", self.images.digest)

    def mount(self):
        begun = len(self.bench.tap.requests)
        self.copy(f"docker://{self.reference('one')}", f"docker://{self.reference('one', self.bench.other)}")
        manifest = self.pushed_as_it_is("one", self.images.one.digest, self.bench.other)
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])

    def tags(self):
        words = ("--tls-verify=false", "--authfile", self.auth, f"docker://{self.host}/{self.bench.repository}")
        tags = json.loads(self.run("skopeo", "list-tags", *words))["Tags"]
        demand(tags == ["many", "one"], f"skopeo lists {tags}")

    def delete(self):
        words = ("--tls-verify=false", "--authfile", self.auth)
        self.run("skopeo", "delete", *words, f"docker://{self.reference('one')}")
        self.gone("one")
        self.gone(self.images.one.digest)


class Store(Client):
    """podman and buildah: images go through a store of the client's own."""

    program = ""

    def start(self):
        self.auth = self.directory / "auth.json"
        self.tls = ("--tls-verify=false", "--authfile", self.auth)
        self.root = ("--root", self.directory / "root", "--runroot", self.directory / "run", "--storage-driver", "vfs")

    def stop(self):
        self.call("rmi", "--all", "--force", ok=range(256))

    def call(self, *words, ok=(0,)):
        # Beside the layout: it makes a name of the layout's path, which a temporary one may not suit.
        return self.run(self.program, *self.root, *words, ok=tuple(ok), cwd=self.images.layout.parent)

    def version(self):
        return self.run(self.program, "--version").split()[2]

    def login_words(self, user, password):
        return self.program, *self.root, "login", *self.tls, "--username", user, "--password-stdin", self.host, password

    def pulled(self, *words):
        """Pulls an image that is not there yet; it has the configuration's digest for its name."""
        self.call("rmi", "--all", "--force", ok=range(256))
        name = self.call("pull", "--quiet", *words).strip().splitlines()[-1]
        demand(f"sha256:{name}" == lib.digest(self.images.one.config), f"{self.name} pulled {name}")
        return name

    def push(self):
        name = self.pulled(f"oci:{self.images.layout.name}:one")
        self.call("push", *self.tls, name, f"docker://{self.reference('one')}")
        self.digest = self.pushed_anew("one")

    def pull(self):
        self.pulled(*self.tls, self.reference("one"))

    def pull_by_digest(self):
        self.pulled(*self.tls, self.reference(self.digest))

    def push_index(self):
        self.call("manifest", "create", "many")
        for image in self.images.images:
            self.call("manifest", "add", "many", f"oci:{self.images.layout}:{image.architecture}")
        self.call("manifest", "push", "--all", *self.tls, "many", f"docker://{self.reference('many')}")
        self.pushed_index_anew("many")

    def mount(self):
        name = self.pulled(*self.tls, self.reference("one"))
        begun = len(self.bench.tap.requests)
        self.call("push", *self.tls, name, f"docker://{self.reference('one', self.bench.other)}")
        self.pushed_anew("one", self.bench.other)
        _, manifest = images.stored(self.server, self.bench.other, "one")
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])


class Podman(Store):
    name = program = "podman"
    lacks = {"referrers": BEFORE_REFERRERS, "delete": NO_DELETION}

    def tags(self):
        words = ("search", "--list-tags", "--format", "json", *self.tls, f"{self.host}/{self.bench.repository}")
        tags = [tag for entry in json.loads(self.call(*words)) for tag in entry["Tags"]]
        demand(sorted(tags) == ["many", "one"], f"podman lists {tags}")


class Buildah(Store):
    name = program = "buildah"
    lacks = {"referrers": BEFORE_REFERRERS, "delete": NO_DELETION, "tag list": "it does not list tags"}


class Docker(Client):
    """A daemon of its own, in directories of its own, without networks."""

    name = "docker"
    lacks = {"referrers": BEFORE_REFERRERS, "delete": NO_DELETION, "tag list": "it does not list tags"}
    daemon = None

    def start(self):
        if os.geteuid() != 0:
            raise NotHere("dockerd needs root")
        self.socket = f"unix://{self.directory}/docker.sock"
        words = [
            "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
            f"--data-root={self.directory}/data", f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/pid", f"--config-file={self.directory}/daemon.json", "-H", self.socket,
        ]
        (self.directory / "daemon.json").write_text("{}")
        self.log = self.directory / "dockerd.log"
        with open(self.log, "wb") as log:
            try:
                self.daemon = subprocess.Popen(words, stdout=log, stderr=log)
            except OSError as error:
                raise NotHere(f"dockerd cannot be started: {error}") from error
        deadline = time.monotonic() + 60
        while subprocess.run(["docker", "-H", self.socket, "version"], capture_output=True).returncode != 0:
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise NotHere(f"dockerd does not come up: {self.log.read_text()[-1000:]}")
            time.sleep(0.2)

    def stop(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(timeout=60)

    def call(self, *words, stdin=None):
        return self.run("docker", "--config", self.directory / "config", "-H", self.socket, *words, stdin=stdin)

    def version(self):
        words = self.call("version", "--format", "{{.Server.Version}} {{.Client.Version}}").split()
        daemon, command = (word.split("+")[0] for word in words)
        return daemon if daemon == command else f"{daemon} (docker {command})"

    def login_words(self, user, password):
        words = ("docker", "--config", self.directory / "config", "-H", self.socket, "login", "--username", user)
        return *words, "--password-stdin", self.host, password

    def loaded(self, archive, *names):
        """Loads an archive and gives it names."""
        image = self.call("load", "--quiet", "--input", archive).split()[-1]
        for name in names:
            self.call("tag", image, name)
        return image

    def push(self):
        image = self.loaded(self.images.archive, self.reference("one"))
        demand(image == lib.digest(self.images.one.config), f"docker loaded {image}")
        said = self.call("push", self.reference("one"))
        self.digest = self.pushed_anew("one")
        demand(self.digest in said, f"docker says {said}, not {self.digest}")

    def pulled(self, reference):
        ids = self.call("images", "--quiet", "--no-trunc").split()
        if ids:
            self.call("rmi", "--force", *set(ids))
        self.call("pull", reference)
        name = self.call("image", "inspect", "--format", "{{.Id}}", reference).strip()
        demand(name == lib.digest(self.images.one.config), f"docker pulled {name}")

    def pull(self):
        self.pulled(self.reference("one"))

    def pull_by_digest(self):
        self.pulled(self.reference(self.digest))

    def push_index(self):
        names = []
        for image in self.images.images:
            names.append(self.reference(image.architecture))
            archive = self.directory / "docker.tar"
            images.docker_archive(archive, image)
            self.loaded(archive, names[-1])
            self.call("push", names[-1])
        self.call("manifest", "create", "--insecure", self.reference("many"), *names)
        self.call("manifest", "push", "--insecure", self.reference("many"))
        self.pushed_index_anew("many")

    def mount(self):
        self.loaded(self.images.archive, self.reference("one"), self.reference("one", self.bench.other))
        self.call("push", self.reference("one"))
        begun = len(self.bench.tap.requests)
        self.call("push", self.reference("one", self.bench.other))
        self.pushed_anew("one", self.bench.other)
        _, manifest = images.stored(self.server, self.bench.other, "one")
        self.bench.mounted(begun, [layer["digest"] for layer in manifest["layers"]])


ALL = (Skopeo, Podman, Buildah, Docker)
