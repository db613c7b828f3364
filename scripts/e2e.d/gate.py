"""The gate: who is told of a new weakness, what is held back for it, and who did what about it.

A thousand images share base layers, three of them hold one package. A revision of the advisory database that
speaks of that package changes these three and no other, is one signed event, and the policy in force holds
the three back; a policy's dry run, an exception, a VEX statement and a pass each do what docs/gate.md says, and
the audit log names them all. A revision that withdraws the advisory undoes it.
"""

import datetime
import json
import re
import subprocess
import threading
import time

import at_push
import lib
from clients import COPY
from lib import check, same
from synthetic import Advisories, Image, Receiver, api, base, record

IMAGES, REPOSITORIES, BASES = 1000, 8, 10
CVE, RARE, FIXED = "CVE-2026-4242", "rare", "2.0-r0"
# The images that hold the package, in which version; one of them holds what is fixed.
HOLDERS = {"123": "1.1-r0", "456": "1.2-r0", "789": "1.1-r0", "800": FIXED}
AFFECTED = ("123", "456", "789")
BEFORE = [record("CVE-2026-1000", "shared", "medium", "3.0-r0"), record("CVE-2026-1001", "base-3", "low"),
          record("CVE-2026-1002", "elsewhere", "critical", "9-r0")]
NEW = record(CVE, RARE, "high", FIXED, alias="GHSA-aaaa-bbbb-cccc")
POLICY = """name = "production"
repositories = ["shop/*"]
[[rules]]
severity = "high"
fixable = true
"""


class Shop:
    """The server, its thousand images, and those who ask."""

    def __init__(self, directory):
        self.directory, self.pulled = directory, 0
        self.advisories = Advisories(directory)
        self.before = self.advisories.build(BEFORE)
        self.after = self.advisories.build([*BEFORE, NEW])
        self.withdrawn = self.advisories.build([*BEFORE, record(CVE, RARE, "high", FIXED, withdrawn=True,
                                                                alias="GHSA-aaaa-bbbb-cccc")])
        self.advisories.use(self.before)
        self.server = lib.Server(directory / "data", self.advisories.file)
        self.images = {str(number): made(str(number)) for number in range(IMAGES)}
        self.repository = {name: f"shop/app-{int(name) % REPOSITORIES}" for name in self.images}

    def push(self):
        """Pushes all, each thread its own repositories."""
        def some(which):
            known = set()
            for name, image in self.images.items():
                if int(name) % 4 == which:
                    headers = image.push(self.server, self.repository[name], f"v{name}", known)
                    if headers.get("lazaret-scan-status") != "complete":
                        failed.append((name, headers))
        failed, begun = [], time.monotonic()
        threads = [threading.Thread(target=some, args=(which,)) for which in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - begun
        check(not failed, f"{IMAGES} images pushed and scanned in {took:.1f} s")

    def counts(self):
        """What the API says of every image."""
        counts = {}
        for repository in api(self.server, "GET", "repositories?limit=1000")["repositories"]:
            path = f"images?repository={repository['name']}&limit=1000"
            for image in api(self.server, "GET", path)["images"]:
                counts[image["digest"]] = (image["scan"]["state"], image["scan"]["counts"])
        return counts

    def place(self, name):
        return {"repository": self.repository[name], "digest": self.images[name].digest, "tags": [f"v{name}"]}

    def manifest(self, name, **options):
        path = f"/v2/{self.repository[name]}/manifests/v{name}"
        return self.server.request("GET", path, **options)

    def skopeo(self, name, user=None):
        """A pull by skopeo: whether it was one, and what it said."""
        self.pulled += 1
        source = f"docker://{self.server.host}/{self.repository[name]}:v{name}"
        user = user or f"{self.server.key_id}:{self.server.secret}"
        words = [*COPY, "--src-creds", user, source, f"oci:{self.directory}/pulled-{self.pulled}"]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        return done.returncode == 0, done.stderr

    def pulls(self, told, denied, allowed=("1", "800")):
        """The pulls that go on, and those that do not, by skopeo."""
        for name in denied:
            went, said = self.skopeo(name)
            if went or CVE not in said or f"update {RARE} to {FIXED}" not in said:
                raise SystemExit(f"e2e: FAILED: {told}: the pull of {name} said: {said}")
        for name in (*allowed, *(name for name in AFFECTED if name not in denied)):
            went, said = self.skopeo(name)
            if not went:
                raise SystemExit(f"e2e: FAILED: {told}: the pull of {name} was refused: {said}")
        check(True, told)

    def all_pulls(self):
        """Which of all images cannot be pulled."""
        return sorted(name for name in self.images if self.manifest(name)[0] == 403)


def made(name):
    kind = int(name) % BASES
    packages = [(f"base-{kind}", "1.0-r0"), ("shared", "2.0-r0")]
    layers = [base(packages), lib.tar_of({"srv/app": name.encode()})]
    if name in HOLDERS:
        packages.append((RARE, HOLDERS[name]))
        layers.append(base(packages))
    return Image(name, layers, packages)


def summed(all_counts):
    return {severity: sum(counts[severity] for _, counts in all_counts.values())
            for severity in ("critical", "high", "medium", "low")}


def subscription(shop, receiver):
    asked = {"name": "security", "url": receiver.url, "filter": {"kinds": ["vulnerability"]}}
    receiver.secret = api(shop.server, "POST", "subscriptions", asked, wanted=201)["secret"]


def first_denial(shop, name, until):
    """When a pull was denied first, asked again and again by one who asks without a break."""
    while time.monotonic() < until:
        if shop.manifest(name)[0] == 403:
            return time.monotonic()
        time.sleep(0.005)
    raise SystemExit("e2e: FAILED: nobody is denied")


def told_once(shop, receiver, count):
    """Everything that there is was told, and there is no more than that."""
    time.sleep(1.5)
    state = api(shop.server, "GET", "subscriptions/security")
    if state["behind"] or len(receiver.deliveries) != count or receiver.forged:
        raise SystemExit(f"e2e: FAILED: {state}, {len(receiver.deliveries)} deliveries, {receiver.forged}")
    return receiver.deliveries[-1].document["data"]


def dry_run(shop, query, body=None, **options):
    """All pages of a dry run: how many were judged, and what is denied."""
    judged, denied, rest = 0, [], ""
    while True:
        page = api(shop.server, "POST", f"policies/dry-run?{query}{rest}", body, **options)
        judged += page["judged"]
        denied += [one["tag"].removeprefix("v") for one in page["images"] if one["effect"] == "deny"]
        if page["complete"]:
            return judged, sorted(denied)
        rest = f"&repository={page['next']['repository']}&tag={page['next']['tag']}"


def put_policy(shop):
    toml = {"headers": {"Content-Type": "application/toml"}}
    stricter = POLICY.replace('"high"', '"low"')
    judged, denied = dry_run(shop, "", stricter, **toml)
    check(judged == IMAGES and len(denied) == IMAGES, f"a dry run of a stricter policy would deny all {judged}")
    judged, denied = dry_run(shop, "", POLICY, **toml)
    check(judged == IMAGES and not denied, f"a dry run of the policy judges {judged} and would deny none of them")
    check("lazaret-verdict" not in shop.manifest("123")[1], "nothing is gated by a dry run")
    api(shop.server, "PUT", "policies/production", POLICY, wanted=201, **toml)
    shop.pulls("with the policy in force all are pulled by skopeo", ())


def new_advisory(shop, receiver):
    before = shop.counts()
    check(len(before) == IMAGES and {state for state, _ in before.values()} == {"complete"},
          f"{IMAGES} scans are complete: {summed(before)}")
    renamed = shop.advisories.use(shop.after)
    watch = [None]
    thread = threading.Thread(target=lambda: watch.__setitem__(0, first_denial(shop, "123", renamed + 30)))
    thread.start()
    event = receiver.wait("vulnerability", 1)[0]
    thread.join()
    print(f"  ... from the file's rename {event.at - renamed:.2f} s to the event at its receiver, "
          f"{watch[0] - renamed:.2f} s to the first denial", flush=True)
    after = shop.counts()
    changed = {digest for digest in before if before[digest] != after[digest]}
    check(changed == {shop.images[name].digest for name in AFFECTED}, f"3 of {len(after)} images have changed")
    one_more = all(after[digest][1] == before[digest][1] | {"high": before[digest][1]["high"] + 1} for digest in changed)
    check(one_more, f"each of them by one finding of high severity: {summed(after)}")
    data = told_once(shop, receiver, 1)
    expected = {"id": CVE, "aliases": [NEW["id"], *NEW["aliases"]][1:], "change": "found", "reason": "new_advisory",
                "severity": "high", "complete": True,
                "images": sorted((shop.place(name) for name in AFFECTED), key=lambda place: place["repository"]),
                "packages": [{"type": "apk", "name": RARE, "version": version, "fixed_in": [FIXED]}
                             for version in ("1.1-r0", "1.2-r0")]}
    same({key: data[key] for key in expected}, expected, f"one event came, signed, that names {CVE} and the three")
    shop.pulls("skopeo's pulls of the three are denied, with CVE and fix; others go on", AFFECTED)
    check(shop.all_pulls() == sorted(AFFECTED), f"of all {IMAGES} these three are denied")
    judged, denied = dry_run(shop, "name=production")
    check(judged == IMAGES and denied == sorted(AFFECTED), "a dry run of the stored policy names these three")
    return before


def verdict(shop, name):
    place = shop.place(name)
    return api(shop.server, "GET", f"verdicts/{place['digest']}?repository={place['repository']}&tag=v{name}")


def exception(shop):
    end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = api(shop.server, "POST", "exceptions", wanted=201, body={
        "vulnerability": "GHSA-AAAA-*", "package": RARE, "repository": shop.repository["123"], "expires_at": end,
        "reason": "only the client is used; OPS-17"})
    same(api(shop.server, "GET", "exceptions")["exceptions"], [made], "an exception is kept as it was answered")
    shop.pulls("an exception for one repository lets its image be pulled", ("456", "789"))
    said = verdict(shop, "123")
    by = said["suppressed"][0]["by"]
    check(said["verdict"] == "allow" and by["reason"].endswith("OPS-17") and said["valid_until"] == end,
          "the verdict shows what was left out of account, by whose exception, until when")
    api(shop.server, "DELETE", f"exceptions/{made['id']}", wanted=204)
    shop.pulls("without the exception the three are denied", AFFECTED)


def vex(shop):
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/rare", "author": "The shop",
        "timestamp": "2026-11-24T00:00:00Z", "version": 1,
        "statements": [{"vulnerability": {"name": CVE}, "products": [{"@id": f"pkg:apk/alpine/{RARE}@1.1-r0"}],
                        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}],
    }
    taken = api(shop.server, "PUT", "vex/shop", document, wanted=201)
    check(taken["statements"] == 1 and not taken["problems"], "a VEX document is taken whole")
    shop.pulls("a VEX statement on one version lets its two images be pulled", ("456",))
    api(shop.server, "DELETE", "vex/shop", wanted=204)
    shop.pulls("without the document the three are denied", AFFECTED)


def break_glass(shop):
    grants = ["pull:shop/*", f"break-glass:{shop.repository['456']}"]
    api(shop.server, "PUT", "users/anna", {"grants": grants, "password": "a long night 2026"}, wanted=201)
    anna = {"headers": {"Authorization": lib.basic("anna", "a long night 2026")}, "auth": False}
    asked = {"repository": shop.repository["456"], "tag": "v456", "reason": "INC-204: rollback", "minutes": 5}
    api(shop.server, "POST", "break-glass", asked, wanted=403)
    check(True, "an administrator without the role gives no pass")
    api(shop.server, "POST", "break-glass", {**asked, "repository": shop.repository["123"], "tag": "v123"}, wanted=403,
        **anna)
    check(True, "nor does who has it in another repository")
    given = api(shop.server, "POST", "break-glass", asked, wanted=201, **anna)
    same(api(shop.server, "GET", "break-glass")["passes"], [given], "a pass is kept as it was answered")
    went, said = shop.skopeo("456", "anna:a long night 2026")
    same((went, said), (True, said), "anna's pass lets her pull")
    shop.pulls("and everybody else, that image alone", ("123", "789"))
    headers = shop.manifest("456")[1]
    check(headers["lazaret-verdict"] == "break-glass" and "anna" in headers["warning"] and "INC-204" in
          headers["warning"], f"the answer says so: {headers.get('warning')}")
    api(shop.server, "DELETE", f"break-glass/{given['id']}", wanted=204, **anna)
    shop.pulls("once the pass has ended the three are denied", AFFECTED)


def withdrawal(shop, receiver, before):
    renamed = shop.advisories.use(shop.withdrawn)
    event = receiver.wait("vulnerability", 2)[1]
    print(f"  ... from the file's rename {event.at - renamed:.2f} s to the event of the withdrawal", flush=True)
    data = told_once(shop, receiver, 2)
    images = sorted((shop.place(name) for name in AFFECTED), key=lambda place: place["repository"])
    check((data["id"], data["change"], data["reason"], data["images"]) == (CVE, "gone", "withdrawn", images),
          f"one event says that {CVE} was withdrawn from the three: {data['change']}, {data['reason']}")
    check(shop.counts() == before, "all counts are as they were before")
    shop.pulls("the three are pulled again", ())
    check(shop.all_pulls() == [], f"as are all {IMAGES}")


def lazaret(shop, *words):
    """The command line, as the server's administrator."""
    return lib.run(lib.LAZARET, *words, "--server", f"http://{shop.server.host}", "--data", shop.server.data)


def push_as_carl(shop):
    """A push by a user of his own, whose key this answers."""
    lazaret(shop, "user", "create", "carl", "push:shop/*")
    file = shop.directory / "carl.json"
    lazaret(shop, "key", "create", "--user", "carl", "-o", file)
    key = json.loads(file.read_text())
    creds = f"{key['access_key_id']}:{key['secret_access_key']}"
    source, target = (f"docker://{shop.server.host}/shop/{name}" for name in ("app-1:v1", "carls:v1"))
    lib.run(*COPY, "--src-creds", creds, "--dest-creds", creds, source, target)
    return key["access_key_id"]


def audited(shop):
    key = push_as_carl(shop)
    # Pulls are written a moment after their answer.
    time.sleep(0.5)
    entries = [json.loads(line) for line in lazaret(shop, "audit", "--format", "json").splitlines()]

    def named(**members):
        return [entry for entry in entries if all(entry[key] == value for key, value in members.items())]

    def members(found, *names):
        return [tuple(entry[name] for name in names) for entry in found]

    pushed = named(actor="carl", action="ecr:PutImage", outcome="allowed")
    same(members(pushed, "key_id", "repository", "object"), [(key, "shop/carls", "v1")], "the audit log: who pushed")
    denied = named(action="ecr:BatchGetImage", outcome="denied", object="v123")
    words = (CVE, f"update {RARE} to {FIXED}", "'production'")
    check(denied and all(word in entry["reason"] for entry in denied for word in words),
          f"who was denied a pull, and why: {len(denied)} times")
    policy = named(action="lazaret:ManagePolicies", object="production", outcome="allowed")
    same(members(policy, "actor"), [("admin",)], "who changed the policy")
    given = [entry for entry in named(actor="anna", action="lazaret:BreakGlass", outcome="allowed")
             if entry["details"]["request"].startswith("POST")]
    same(members(given, "repository", "object"), [(shop.repository["456"], shop.images["456"].digest)],
         "who broke the glass of which image")
    check("INC-204: rollback" in json.dumps(given), "and why")
    by_pass = [entry for entry in named(actor="anna", action="ecr:BatchGetImage", outcome="allowed")
               if "INC-204" in json.dumps(entry)]
    check(by_pass, "who pulled by that pass")
    refused = named(actor="admin", action="lazaret:BreakGlass", outcome="denied")
    same(members(refused, "repository"), [(shop.repository["456"],)], "who wanted to and had no leave to")
    shown = lazaret(shop, "audit", "--denied")
    lines = [line for line in shown.splitlines() if re.search(r"\bv123\b", line)]
    check(len(lines) == len(denied) and all(CVE in line for line in lines) and " allowed " not in shown,
          f"'lazaret audit --denied' shows these {len(lines)} and nothing that was allowed")


def changes(directory):
    shop = Shop(directory)
    receiver = Receiver()
    try:
        subscription(shop, receiver)
        shop.push()
        put_policy(shop)
        before = new_advisory(shop, receiver)
        exception(shop)
        vex(shop)
        break_glass(shop)
        withdrawal(shop, receiver, before)
        audited(shop)
    finally:
        receiver.close()
        check(shop.server.stop() == 0, "the server ends with 0 when asked")


def main(directory, db):
    for name, part in (("at-push", lambda place: at_push.main(place, db)), ("shop", changes)):
        (directory / name).mkdir()
        part(directory / name)
