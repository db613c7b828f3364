"""Packages of languages whose rules a program of their own decides: gems (RubyGems), Composer, and GitHub's records of
Maven and npm (Maven's and npm's own orders).

Rules: the README of rubysec/ruby-advisory-db: a version that no requirement of `patched_versions` and none of
`unaffected_versions` takes is affected. FriendsOfPHP: a version that all constraints of a branch take is affected. Of both
only whether a version is affected is compared, since neither names the one version to go to.
"""

import json
import re
import subprocess

import yaml

import languages
import lib
from languages import bounds, by_package, directory
from lib import Case, Order

RUBY = r"""$stdout.sync = true
STDIN.each_line { |line| version, *all = line.chomp.split("\t")
  puts(begin; all.any? { |one| Gem::Requirement.new(one.split(/\s*,\s*/)).satisfied_by?(Gem::Version.new(version)) } ? 1 : 0
       rescue ArgumentError, Gem::Requirement::BadRequirementError; -1; end) }"""
PHP = r"""require '/usr/share/php/Composer/Semver/autoload.php';
while (($line = fgets(STDIN)) !== false) { [$version, $all] = explode("\t", rtrim($line, "\n"));
  try { echo Composer\Semver\Semver::satisfies($version, $all) ? 1 : 0, "\n"; } catch (Exception $e) { echo "-1\n"; } }"""
MAVEN = """import java.io.*; import org.apache.maven.artifact.versioning.ComparableVersion;
public class Compare { public static void main(String[] none) throws IOException {
  BufferedReader in = new BufferedReader(new InputStreamReader(System.in)); String line;
  while ((line = in.readLine()) != null) { String[] two = line.split(" ");
    System.out.println(Integer.signum(new ComparableVersion(two[0]).compareTo(new ComparableVersion(two[1]))));
    System.out.flush(); } } }"""
NPM = """const semver = require('/usr/lib/node_modules/npm/node_modules/semver');
require('readline').createInterface({input: process.stdin}).on('line', line => { const [a, b] = line.split(' ');
  console.log(semver.valid(a) && semver.valid(b) ? semver.compare(a, b) : 0) })"""


class Asked(Order):
    """A program that answers a line of a version and what is asked of it with 1, 0, or -1 where it cannot tell."""

    def takes(self, version, *requirements):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("\t".join((version, *requirements)) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


ruby, php = Asked("ruby", "-e", RUBY), Asked("php", "-r", PHP)


def gems(work):
    root = work.unpacked(work.feeds / "ruby-advisory-db/ruby-advisory-db.tar.zst")
    said, packages, found = {}, [], {}
    for file in sorted(root.glob("gems/*/*.yml")):
        record = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
        said.setdefault(record["gem"], []).append(record)
    for name, records in sorted(said.items()):
        versions = {"0.0.1"}
        for record in records:
            for one in record.get("patched_versions") or []:
                for at in re.findall(r"[0-9][0-9A-Za-z.-]*", one):
                    versions |= {at, at + ".rc1", at + ".1"}
            for one in record.get("unaffected_versions") or []:
                versions |= set(re.findall(r"[0-9][0-9A-Za-z.]*", one))
        for version in sorted(versions):
            packages.append((name, version))
            for record in records:
                clear = [*(record.get("patched_versions") or []), *(record.get("unaffected_versions") or [])]
                if (ruby.takes(version, *clear) if clear else 0) == 0:
                    weakness = "CVE-" + record["cve"] if record.get("cve") else \
                        "GHSA-" + record["ghsa"] if record.get("ghsa") else "OSVDB-" + record.get("osvdb", "")
                    found[weakness, name, version] = None
    files = {f"usr/lib/gems/specifications/{name}-{version}.gemspec":
             f'Gem::Specification.new do |s|\n  s.name = "{name}".freeze\n  s.version = "{version}"\nend\n'
             for name, version in packages}
    feeds = (("ruby-advisory-db", work.feeds / "ruby-advisory-db"),)
    yield Case("made-up-gem", feeds, lib.write_archive(work.new("gem.tar"), files), found, ("gem",))


def composer(work):
    root = work.unpacked(work.feeds / "friendsofphp/friendsofphp-security-advisories.tar.zst")
    said, packages, found = {}, [], {}
    for file in sorted(root.rglob("*.yaml")):
        record = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
        if isinstance(record, dict) and str(record.get("reference", "")).startswith("composer://"):
            name = record["reference"].removeprefix("composer://")
            said.setdefault(name, []).append((record.get("cve"), f"{name}/{file.name}", record))
    for name, records in sorted(said.items()):
        versions = set()
        for _, _, record in records:
            for branch in record["branches"].values():
                for at in re.findall(r"[0-9][0-9A-Za-z.-]*", " ".join(branch["versions"])):
                    versions |= {at, at + "-RC1", at + ".1"} if at.count(".") < 3 else {at}
        for version in sorted(versions):
            packages.append((name, version))
            for weakness, own, record in records:
                if any(php.takes(version, " ".join(branch["versions"])) == 1 for branch in record["branches"].values()):
                    found[weakness if re.match(r"CVE-\d", weakness or "") else own.removesuffix(".yaml"), name, version] = None
    rows = [{"name": name, "version": version} for name, version in packages]
    target = directory(work, "composer", {"composer.lock": json.dumps({"packages": rows, "packages-dev": []})})
    feeds = (("friendsofphp", work.feeds / "friendsofphp"),)
    yield Case("made-up-composer", feeds, target, found, ("composer",))


def github(work, ecosystem):
    """GitHub's records; where a range has no end, the publisher's own word may give it one."""
    root = work.unpacked(work.feeds / "ghsa-osv-subset/ghsa-osv-subset.tar.zst")
    said = by_package([json.loads(file.read_text()) for file in sorted(root.rglob("GHSA-*.json"))], ecosystem)
    for rows in said.values():
        for _, affected in rows:
            form = re.fullmatch(r"(<=?) (\S+)", affected.get("database_specific", {}).get("last_known_affected_version_range", ""))
            for span in affected.get("ranges", []):
                if form and span["type"] != "GIT" and len(span["events"]) == 1:
                    span["events"].append({"last_affected" if form[1] == "<=" else "limit": form[2]})
    return said


def maven(work):
    folder = work.new("maven")
    folder.mkdir()
    (folder / "Compare.java").write_text(MAVEN)
    jars = "/usr/share/maven/lib/*"
    subprocess.run(["javac", "-cp", jars, "-d", folder, folder / "Compare.java"], check=True)
    languages.ORDERS["Maven"] = Order("java", "-cp", f"{folder}:{jars}", "Compare")
    said = github(work, "Maven")
    packages = list(bounds(said, "Maven", ("-SNAPSHOT", ".1", "-rc1", ".Final", "-jre")))
    text = "".join(f"{name}:{version}=compileClasspath\n" for name, version in packages)
    target = directory(work, "gradle", {"gradle.lockfile": text + "empty=\n"})
    feeds = (("ghsa-osv-subset", work.feeds / "ghsa-osv-subset"),)
    yield Case("made-up-maven", feeds, target, languages.expected(said, "Maven", packages), ("maven",))


def npm(work):
    languages.ORDERS["npm"] = Order("node", "-e", NPM)
    said = github(work, "npm")
    packages = list(bounds(said, "npm", ("-rc.1", "-0")))
    files = {f"{number}/node_modules/{name}/package.json": json.dumps({"name": name, "version": version})
             for number, (name, version) in enumerate(packages)}
    feeds = (("ghsa-osv-subset", work.feeds / "ghsa-osv-subset"),)
    yield Case("made-up-npm", feeds, directory(work, "npm", files), languages.expected(said, "npm", packages), ("npm",))


def cases(work):
    for make in (gems, composer, maven, npm):
        yield from make(work)
