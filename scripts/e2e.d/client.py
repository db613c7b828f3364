"""What all clients of the matrix have in common."""

import lib
from images import demand, same_image, stored


class NotHere(Exception):
    """A client cannot run on this machine, for a reason."""


class Client:
    """A client; its subclasses say how it does what it can do."""

    name = ""
    # Operations that it does not have, with the reason.
    lacks = {}

    def __init__(self, bench):
        self.bench = bench
        self.server, self.images, self.host = bench.server, bench.images, bench.host
        self.directory = bench.directory

    def start(self):
        """Before the first operation."""

    def stop(self):
        """After the last one, also where `start` failed."""

    def environment(self):
        return {}

    def run(self, *words, ok=(0,), stdin=None, cwd=None):
        return lib.run(*words, env=self.environment(), ok=ok, stdin=stdin, cwd=cwd)

    def refuses(self, *words, stdin=None):
        """The program must end with an error."""
        lib.run(*words, env=self.environment(), ok=tuple(range(1, 256)), stdin=stdin)

    def reference(self, tag, repository=None):
        joint = "@" if ":" in tag else ":"
        return f"{self.host}/{repository or self.bench.repository}{joint}{tag}"

    def log_in(self, user, password):
        """Logs in; a wrong password is refused first, so that the right one means something."""
        *words, stdin = self.login_words(user, "wrong")
        self.refuses(*words, stdin=stdin)
        *words, stdin = self.login_words(user, password)
        self.run(*words, stdin=stdin)

    def login(self):
        self.log_in(self.server.key_id, self.server.secret)

    def login_as_aws(self):
        password = lib.run("aws", "ecr", "get-login-password", env=self.server.aws_env()).strip()
        self.log_in("AWS", password)

    # What is in the registry after a push.

    def pushed_as_it_is(self, tag, digest, repository=None):
        found, manifest = stored(self.server, repository or self.bench.repository, tag)
        demand(found == digest, f"{self.name}: {tag} is {found}, not {digest}")
        return manifest

    def pushed_anew(self, tag, repository=None):
        """For clients that pack layers or write manifests of their own."""
        return same_image(self.server, repository or self.bench.repository, tag, self.images.one)

    def pushed_index_anew(self, tag):
        _, index = stored(self.server, self.bench.repository, tag)
        platforms = [entry["platform"]["architecture"] for entry in index["manifests"]]
        demand(sorted(platforms) == ["amd64", "arm64"], f"{self.name}: an index of {platforms}")
        images = {image.architecture: image for image in self.images.images}
        for entry in index["manifests"]:
            image = images[entry["platform"]["architecture"]]
            same_image(self.server, self.bench.repository, entry["digest"], image)

    def gone(self, tag):
        code, _, _ = self.server.request("GET", f"/v2/{self.bench.repository}/manifests/{tag}")
        demand(code == 404, f"{self.name}: {tag} is still there: {code}")
