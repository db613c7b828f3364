"""kill -9 at random moments while images are pushed and deleted, the advisory database is exchanged, and events go out.

A receiver takes events and now and then answers 500, a listener follows the stream. After the last start and a
quiet end every image that was acknowledged has a scan, its findings are those of the database in use, and what was
told leads there: the log of events is played back, image by image, and must end in what the API answers.

CRASHES_OF_EVENTS says how many kills (default 20), SEED what happens.
"""

import http.client
import itertools
import json
import os
import random
import subprocess
import threading
import time

import images
import ledger
import lib
from lib import check
from shared import counted
from synthetic import SEVERITIES, Advisories, Image, Receiver, api, base, record

SEED = int(os.environ.get("SEED", "20261125"))
KILLS = int(os.environ.get("CRASHES_OF_EVENTS", "20"))
PUSHERS, REFUSED, QUIET = 3, 0.06, 240
# An event names so many images at most: packages of several groups have the same kinds of weaknesses.
LISTED, GROUPS = 250, 12
NAMES = [f"p{number}" for number in range(8)]
VERSIONS = [f"{number}.0-r0" for number in range(1, 5)]


def revision(*rows):
    """Weakness, package, severity, and the version that has a fix, if one has; the same for each group."""
    return [(f"CVE-2026-{2000 + 10 * group + number}", f"{package}-{group}", severity, fixed)
            for group in range(GROUPS) for number, package, severity, fixed in rows]


# What the two databases say.
FIRST = revision((0, "p0", "high", "2.0-r0"), (1, "p1", "medium", None), (2, "p2", "low", "3.0-r0"),
                 (3, "p3", "critical", "2.0-r0"), (4, "p4", "high", None))
SECOND = revision((0, "p0", "high", "3.0-r0"), (2, "p2", "high", "3.0-r0"), (3, "p3", "critical", "2.0-r0"),
                  (5, "p5", "low", None), (6, "p6", "critical", "4.0-r0"), (7, "p6", "medium", None))


def found_in(packages, revision):
    """What a revision finds in packages: by weakness and package, its severity and fix."""
    found = {}
    for name, version in packages:
        for weakness, package, severity, fixed in revision:
            if package == name and (fixed is None or version < fixed):
                found[weakness, name] = (severity, fixed)
    return found


def counts_of(found):
    counts = dict.fromkeys(SEVERITIES, 0)
    for severity, _ in found.values():
        counts[severity] += 1
    return counts


def fail(what):
    raise SystemExit(f"e2e: FAILED: (SEED={SEED}) {what}")


class Worker(threading.Thread):
    """Does something again and again until it is told to end; what breaks is told by the main thread."""

    def __init__(self, number=0):
        super().__init__(daemon=True)
        self.random, self.over, self.failure = random.Random(SEED * 100 + number), False, None

    def run(self):
        try:
            while not self.over:
                self.step()
        except BaseException as error:  # noqa: BLE001: told by the main thread
            self.failure = error

    def end(self):
        self.over = True
        self.join(timeout=120)
        if self.failure or self.is_alive():
            fail(f"{type(self).__name__}: {self.failure!r}")


class Pusher(Worker):
    """Pushes images that nobody has pushed before, some to two repositories, and deletes some again."""

    def __init__(self, server, number):
        super().__init__(number)
        self.server, self.number, self.made, self.held, self.tries, self.blobs = server, number, {}, {}, {}, set()

    def ask(self, wanted, method, path, body=b"", headers=None):
        """Asks until it is answered: whether the first time already."""
        again = 0
        while True:
            try:
                status, _, answer = ledger.ask(self.server, method, path, body, headers)
            except ledger.Cut:
                again += 1
                time.sleep(0.02)
                continue
            if status == wanted or again and status == 404 and method == "DELETE":
                return again
            fail(f"{method} {path}: {status} instead of {wanted}: {answer[:500]}")

    def step(self):
        # Not as fast as it can: all of it is looked at in the end.
        time.sleep(self.random.uniform(0.0, 0.04))
        if self.held and self.random.random() < 0.1:
            repository, digest = self.random.choice(sorted(self.held))
            del self.held[repository, digest]
            self.ask(202, "DELETE", f"/v2/{repository}/manifests/{digest}")
            return
        number = len(self.made)
        group, names = self.random.randrange(GROUPS), self.random.sample(NAMES, 3)
        packages = [(f"{name}-{group}", self.random.choice(VERSIONS)) for name in names]
        image = Image(f"{self.number}-{number}", [base(packages)], packages)
        self.made[image.digest] = image
        self.push(image, f"events/{self.number}", f"t{number}")
        if self.random.random() < 0.2:
            self.push(image, f"events/{self.number}-also", f"t{number}")

    def push(self, image, repository, tag):
        for data in (*image.layers, image.config):
            digest = lib.digest(data)
            if (repository, digest) not in self.blobs:
                self.ask(201, "POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data)
                self.blobs.add((repository, digest))
        again = self.ask(201, "PUT", f"/v2/{repository}/manifests/{tag}", image.manifest,
                         {"Content-Type": lib.MANIFEST})
        self.held[repository, image.digest] = tag
        self.tries[repository, image.digest] = again + 1


class Exchanger(Worker):
    """Puts one database in place of the other."""

    def __init__(self, advisories, built):
        super().__init__(50)
        self.advisories, self.built, self.exchanges = advisories, built, 0

    def step(self):
        time.sleep(self.random.uniform(0.2, 3.5))
        self.exchanges += 1
        self.advisories.use(self.built[self.exchanges % 2])

    def revision(self):
        return (FIRST, SECOND)[self.exchanges % 2]


class Listener(Worker):
    """Follows the stream of events, and comes again after each end with the last that it has seen."""

    def __init__(self, server):
        super().__init__(60)
        self.server, self.last, self.heard = server, 0, []

    def step(self):
        connection = http.client.HTTPConnection(self.server.host, timeout=20)
        try:
            headers = {"Authorization": self.server.authorization(), "Last-Event-ID": str(self.last)}
            connection.request("GET", "/api/v1/events/stream", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                fail(f"the stream: {answer.status}")
            name = None
            while not self.over and (line := answer.readline()):
                if line.startswith(b"id:"):
                    name = int(line[3:])
                elif line.startswith(b"data:"):
                    self.heard.append((name, json.loads(line[5:])))
                elif not line.strip() and name is not None:
                    # Only a whole message counts: half a one is said again.
                    self.last, name = name, None
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()


class Playback:
    """What the events say of images, played in their order.

    An image begins with what either revision finds in each of its packages, as far as the counts of its scan
    agree; each change must fit what came before, and name the images that it fits.
    """

    def __init__(self, made):
        self.made, self.states, self.places, self.pushes, self.scans = made, {}, {}, {}, {}

    def play(self, event):
        kind, data = event["type"].split(".")[2], event["data"]
        try:
            getattr(self, kind)(data)
        except AssertionError as error:
            fail(f"event {event['id']} does not fit what came before it: {error}: {data}")

    def pushed(self, data):
        place = (data["repository"], data["digest"])
        self.places.setdefault(place, set()).add(data["tag"])
        self.pushes[place] = self.pushes.get(place, 0) + 1

    def deleted(self, data):
        place = (data["repository"], data["digest"])
        assert place in self.places, "nobody pushed it"
        if data["tag"] is None:
            del self.places[place]
        else:
            self.places[place].remove(data["tag"])

    def scanned(self, data):
        digest, parts = data["image"], []
        self.scans[digest] = self.scans.get(digest, 0) + 1
        for package in self.made[digest].packages:
            found = [found_in([package], revision) for revision in (FIRST, SECOND)]
            parts.append(found if found[0] != found[1] else found[:1])
        starts = [dict(itertools.chain(*(part.items() for part in chosen))) for chosen in itertools.product(*parts)]
        self.states[digest] = [state for state in starts if counts_of(state) == data["counts"]]
        assert self.states[digest], "no revision counts so"

    def vulnerability(self, data):
        packages = {(one["name"], one["version"]): (one["fixed_in"] or [None])[0] for one in data["packages"]}
        touched, held = set(), {digest for _, digest in self.places}
        for digest, states in self.states.items():
            for package in self.made[digest].packages:
                if package in packages and digest in held:
                    touched.add(digest)
                    key = (data["id"], package[0])
                    fits = [state for state in states if (key in state) != (data["change"] == "found")]
                    assert fits, f"{key} of {digest} was {'there' if data['change'] == 'found' else 'not there'}"
                    self.states[digest] = [changed(state, key, data, packages[package]) for state in fits]
        listed = {(place["repository"], place["digest"]): set(place["tags"]) for place in data["images"]}
        there = {place: tags for place, tags in self.places.items() if place[1] in touched}
        if not data["complete"]:
            assert len(listed) == LISTED < len(there), f"{len(listed)} of {len(there)} images are listed"
            there = {place: tags for place, tags in there.items() if place in listed}
        assert listed == there, f"it lists {sorted(listed.items())}, and there are {sorted(there.items())}"


def changed(state, key, data, fixed):
    state = dict(state)
    if data["change"] == "gone":
        del state[key]
    else:
        state[key] = (data["severity"], fixed)
    return state


class Crashes:
    """The server and all who do something with it."""

    def __init__(self, directory):
        self.directory, self.advisories = directory, Advisories(directory)
        built = [self.advisories.build([record(*row) for row in revision]) for revision in (FIRST, SECOND)]
        self.advisories.use(built[0])
        self.server = lib.Server(directory / "data", self.advisories.file)
        self.moments, chance = random.Random(SEED), random.Random(SEED + 1)
        self.receiver = Receiver(lambda: chance.random() < REFUSED)
        self.receiver.secret = api(self.server, "POST", "subscriptions", {"name": "all", "url": self.receiver.url},
                                   wanted=201)["secret"]
        self.pushers = [Pusher(self.server, number) for number in range(PUSHERS)]
        self.exchanger, self.listener = Exchanger(self.advisories, built), Listener(self.server)
        self.workers = [*self.pushers, self.exchanger, self.listener]

    def run(self):
        for worker in self.workers:
            worker.start()
        for _ in range(KILLS):
            time.sleep(self.moments.uniform(0.1, 3.5))
            self.server.kill()
            if self.moments.random() < 0.25:
                process = subprocess.Popen(self.server.command(), stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                time.sleep(self.moments.uniform(0.0, 0.1))
                process.kill()
                process.wait()
            self.server.start()
        for worker in (*self.pushers, self.exchanger):
            worker.end()
        self.receiver.refuses = lambda: False
        self.made = {digest: image for pusher in self.pushers for digest, image in pusher.made.items()}
        self.held = {place: tag for pusher in self.pushers for place, tag in pusher.held.items()}

    def settle(self):
        """Waits until all is right, everything is told and nothing is left to do; answers when each of these was."""
        begun, right, told = time.monotonic(), None, None
        while True:
            behind = api(self.server, "GET", "subscriptions/all")["behind"]
            right = right or self.wrong() is None and time.monotonic() - begun
            told = told or right and not behind and time.monotonic() - begun
            if told and not counted(self.server, "jobs"):
                # Once more, since what was done last is told last, and nothing may have turned since.
                time.sleep(1.2)
                if not api(self.server, "GET", "subscriptions/all")["behind"] and self.wrong() is None:
                    return right, told, time.monotonic() - begun
            if time.monotonic() > begun + QUIET:
                fail(f"no quiet end: {behind} events are not told, {counted(self.server, 'jobs')} jobs wait, "
                     f"{self.wrong()}")
            time.sleep(0.2)

    def wrong(self):
        """The first image that the API counts otherwise than the database in use finds."""
        told = {}
        for repository in api(self.server, "GET", "repositories?limit=1000")["repositories"]:
            after = ""
            while page := api(self.server, "GET", f"images?repository={repository['name']}&limit=1000{after}")["images"]:
                told.update({(repository["name"], image["digest"]): image["scan"] for image in page})
                after = f"&after={page[-1]['digest']}"
        if told.keys() != self.held.keys():
            return f"the registry holds {len(told)} images, not {len(self.held)}"
        for (_, digest), scan in told.items():
            expected = counts_of(found_in(self.made[digest].packages, self.exchanger.revision()))
            if scan is None or scan["state"] != "complete" or scan["counts"] != expected:
                return f"{digest}: {scan} instead of {expected}"
        return None

    def check_scans(self):
        """Every finding of every image; some as 'lazaret scan' has them."""
        digests = sorted({digest for _, digest in self.held})
        for number, digest in enumerate(digests):
            document = api(self.server, "GET", f"scans/{digest}")
            found = {(one["id"], one["package"]["name"]): (one["severity"], (one["fixed_in"] or [None])[0])
                     for one in document["findings"]}
            if found != found_in(self.made[digest].packages, self.exchanger.revision()):
                fail(f"{digest} of {self.made[digest].packages}: {found}")
            if number % (len(digests) // 5 + 1) == 0:
                self.check_command(self.made[digest], document)
        return len(digests)

    def check_command(self, image, document):
        name = image.digest.removeprefix("sha256:")
        entry = {**images.descriptor(lib.MANIFEST, image.manifest), "annotations": images.named("one")}
        layout = images.layout(self.directory / name, [*image.layers, image.config, image.manifest], [entry])
        archive = self.directory / f"{name}.tar"
        lib.oci_archive(layout, archive)
        said = json.loads(lib.run(lib.LAZARET, "scan", archive, "--db", self.advisories.file, "--format", "json"))
        if said["findings"] != document["findings"]:
            fail(f"'lazaret scan' finds something else in {image.digest}: {said['findings']}")

    def check_told(self):
        """What the receiver was sent: in order, nothing missing, nothing twice under two names."""
        if self.receiver.forged:
            fail(f"a signature is wrong: {self.receiver.forged[0]}")
        documents = {}
        for delivery in self.receiver.deliveries:
            known = documents.setdefault(delivery.name, delivery.document)
            if known != delivery.document or delivery.name != delivery.document["id"]:
                fail(f"{delivery.name} is two things: {known} and {delivery.document}")
        taken = self.receiver.taken()
        numbers = [int(delivery.name) for delivery in taken]
        if numbers != list(range(1, len(numbers) + 1)):
            gaps = sorted(set(range(1, max(numbers))) - set(numbers))
            fail(f"not all came in order: {gaps} are missing of {len(numbers)}")
        events = [delivery.document for delivery in taken]
        if self.listed() != events:
            fail("/api/v1/events lists something else than what was sent")
        self.listener.end()
        if [event for _, event in self.listener.heard] != events:
            names = [name for name, _ in self.listener.heard]
            fail(f"the stream told {len(names)} of {len(events)} events, the last was {names[-1:]}")
        return events

    def listed(self):
        events, after = [], 0
        while True:
            page = api(self.server, "GET", f"events?after={after}&limit=1000")
            if page["next"] == after:
                return events
            events += page["events"]
            after = page["next"]

    def check_played(self, events):
        play = Playback(self.made)
        for event in events:
            play.play(event)
        if play.places != {place: {tag} for place, tag in self.held.items()}:
            fail("what was told of pushes and deletions leads to other images")
        for place, tries in ((place, tries) for pusher in self.pushers for place, tries in pusher.tries.items()):
            if not 1 <= play.pushes.get(place, 0) <= tries:
                fail(f"{place} was pushed {tries} times and told {play.pushes.get(place)} times")
        for digest in {digest for _, digest in self.held}:
            end = found_in(self.made[digest].packages, self.exchanger.revision())
            if end not in play.states[digest]:
                fail(f"what was told of {digest} leads to {play.states[digest]} and not to {end}")
            if play.scans[digest] != 1:
                fail(f"one scan of {digest} was told {play.scans[digest]} times")


def main(directory, db):
    crashes = Crashes(directory)
    try:
        crashes.run()
        right, told, ended = crashes.settle()
        held, exchanged = len(crashes.held), crashes.exchanger.exchanges
        check(True, f"{held} images after {KILLS} kills and {exchanged} exchanges of the database (SEED={SEED}): "
                    f"all are counted right {right:.1f} s after the last of it, and told after {told:.1f} s")
        print(f"  ... the last job ended {ended:.1f} s after it", flush=True)
        check(True, f"the findings of {crashes.check_scans()} images are those of the database in use")
        events = crashes.check_told()
        sent, changes = len(crashes.receiver.deliveries), sum("vulnerability" in event["type"] for event in events)
        check(True, f"{len(events)} events were taken in order of {sent} deliveries, as the API and the stream tell them")
        crashes.check_played(events)
        check(changes > 0, f"played back, {changes} changes of weaknesses lead to what is there, and none was told twice")
    finally:
        crashes.receiver.close()
        check(crashes.server.stop() == 0, "the server ends with 0 when asked")
