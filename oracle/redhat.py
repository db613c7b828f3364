"""Red Hat: CSAF VEX, a document per weakness.

Rules: https://access.redhat.com/articles/7083547 and "Red Hat's CSAF/VEX" notes. A product id is a component of a
platform; the platform's CPE says which release and repository it is. A `fixed` component is a build with its version and
architecture, a `known_affected` one mostly a source (no version), with a remediation that says whether a fix will come.
`known_not_affected` is no finding. Builds of a module answer for packages of that module and stream alone.

RHEL itself is `enterprise_linux:N`; other products on it (EUS, AUS, E4S, TUS, …) have repositories of their own. Who has a
build of a minor release (`el8_6`) that is at least that minor release's fix has the fix, whichever product brought it.
"""

import collections
import json
import re
import shutil
import urllib.parse

import lib
from lib import Case, Package, rpm

# What is said of one package of one release: {(name, arch or "src", module): {"main", "any": set of EVR}} and so on.
STATES = {"Out of support scope": "end_of_life", "Will not fix": "will_not_fix", "Fix deferred": "deferred"}


def release_of(cpe):
    """(RHEL's major release, whether it is RHEL itself) of a platform, by its CPE; None where it is none."""
    form = re.match(r"cpe:/[ao]:redhat:enterprise_linux:(\d+)(?:\.\d+)?(?:$|::)", cpe)
    if form:
        return form[1], True
    form = re.match(r"cpe:/[ao]:redhat:(?:rhel_|enterprise_linux_)[a-z0-9_]+:(\d+)(?:\.\d+)*(?:$|::)", cpe)
    return (form[1], False) if form and "software_collections" not in cpe and "client" not in cpe else None


def products(document):
    """{product id: (CPE, package URL, component's own id)}"""
    found, whole = {}, {}

    def walk(branches):
        for branch in branches:
            product = branch.get("product")
            if product:
                found[product["product_id"]] = product.get("product_identification_helper", {})
            walk(branch.get("branches", []))
    walk(document.get("product_tree", {}).get("branches", []))
    for row in document.get("product_tree", {}).get("relationships", []):
        platform = found.get(row["relates_to_product_reference"], {})
        component = row["product_reference"]
        whole[row["full_product_name"]["product_id"]] = \
            platform.get("cpe", ""), found.get(component, {}).get("purl", ""), component
    return whole


def component(purl, name):
    """(name, version or "", arch or "src", module) of a component; None where it is no rpm."""
    if not purl:
        if re.search(r"-container$|@sha256|[:/]", name.replace("::", "")) and not re.match(r"[\w-]+:[\w.-]+/", name):
            return None
        module, _, source = name.rpartition("/")
        return source, "", "src", module
    form = re.fullmatch(r"pkg:rpm/redhat/([^@?]+)(?:@([^?]+))?(?:\?(.*))?", purl)
    if not form:
        return None
    said = dict(urllib.parse.parse_qsl(form[3] or ""))
    version = urllib.parse.unquote(form[2] or "")
    epoch = said.get("epoch", "0")
    module = ":".join(said.get("rpmmod", "").split(":")[:2])
    return urllib.parse.unquote(form[1]), version and f"{epoch}:{version}", said.get("arch", "src"), module


def documents(work):
    root = work.unpacked(work.feeds / "redhat/redhat-csaf-samples.tar.zst")
    for file in sorted(root.glob("redhat-csaf/vex/*/cve-*.json")):
        yield json.loads(file.read_text())


def only_weaknesses(work):
    """A directory of the documents by weakness."""
    root, path = work.unpacked(work.feeds / "redhat/redhat-csaf-samples.tar.zst"), work.new("redhat-vex")
    path.mkdir()
    for file in root.glob("redhat-csaf/vex/*/cve-*.json"):
        shutil.copy(file, path)
    return path


def records(work):
    """{release: {CVE: {"main" | "any": {(name, arch, module): {EVR}}, "open": {(source, module): state}}}}"""
    said = collections.defaultdict(dict)
    for document in documents(work):
        whole = products(document)
        for weakness in document.get("vulnerabilities", []):
            reasons = {one: (row["category"], row["details"]) for row in weakness.get("remediations", [])
                       if row["category"] in ("no_fix_planned", "none_available") for one in row.get("product_ids", [])}
            for status, ids in weakness.get("product_status", {}).items():
                for one in ids:
                    cpe, purl, own = whole.get(one, ("", "", ""))
                    where, what = release_of(cpe), component(purl, own)
                    if not where or not what:
                        continue
                    name, version, arch, module = what
                    if ".module+" in version and not module:
                        # Documents of 2023 do not name the module: nobody can tell which packages are meant.
                        continue
                    into = said[where[0]].setdefault(weakness["cve"], {"main": {}, "any": {}, "open": {}})
                    if status == "fixed" and version and arch != "src":
                        into["any"].setdefault((name, arch, module), set()).add(version)
                        if where[1]:
                            into["main"].setdefault((name, arch, module), set()).add(version)
                    if status in ("known_affected", "under_investigation") and where[1]:
                        state = STATES.get(reasons.get(one, ("", ""))[1], "affected")
                        into["open"][name, arch, module] = state if status == "known_affected" else status
    return said


def tag(version):
    """The minor release that a build was made for: `el8_6`, `el8` for the first."""
    form = re.search(r"(?<![a-z])el\d+(?:_\d+)?(?![\d_])|\+el\d+\.\d+", version)
    return form[0] if form else ""


def expected(said, release, packages):
    found = {}
    for package in packages:
        for weakness, into in said[release].items():
            key = package.name, package.arch, package.module
            fixes, every = into["main"].get(key), into["any"].get(key, set())
            if fixes:
                has_it = any(tag(fix) == tag(package.version) and not rpm.less(package.version, fix) for fix in every)
                newer = [fix for fix in fixes if rpm.less(package.version, fix)]
                if newer and not has_it:
                    found[weakness, package.name, package.version] = ("fixed", plain(rpm.highest(newer)))
                continue
            state = into["open"].get(key) or into["open"].get((package.source, "src", package.module))
            if state:
                found[weakness, package.name, package.version] = (state, "")
    return found


def plain(version):
    """A version without the epoch that everybody leaves out."""
    return version.removeprefix("0:")


def made_up(said, release):
    """For each package of a release builds round the versions that are named for it."""
    versions = collections.defaultdict(set)
    for into in said[release].values():
        for key, fixes in into["any"].items():
            if key[1] in ("x86_64", "noarch") and not re.search("-debug(info|source)", key[0]):
                versions[key] |= fixes
        for name, arch, module in into["open"]:
            versions[name if arch == "src" else name, "x86_64" if arch == "src" else arch, module] |= {"0:1-1.el8"}
    for (name, arch, module), named in sorted(versions.items()):
        for version in sorted(named | {one + "~" for one in named}):
            yield Package("rpm", name, plain(version), name, plain(version).rpartition(":")[2], arch,
                          f"{module}:1:abc" if module else "", "Red Hat, Inc.")


def short(packages):
    """Packages with their module's name and stream alone."""
    return [package._replace(module=":".join(package.module.split(":")[:2])) for package in packages]


def manifests(work):
    """(name, packages) of the lists of packages in the catalogue of containers."""
    root = work.unpacked(work.rootfs / "package-lists/redhat-ubi-rpm-manifests.tar.zst")
    texts = [(file.name, file.read_text()) for file in sorted(root.rglob("*.json"))]
    for file in sorted(root.glob("rhel/testdata/package/*.txtar")):
        parts = re.split(r"(?m)^-- (\S+) --\n", file.read_text())
        texts += [(f"{file.stem}-{name}", text) for name, text in zip(parts[1::2], parts[2::2])]
    for name, text in texts:
        try:
            rows = json.loads(text).get("rpms", [])
        except (ValueError, AttributeError):
            continue
        packages = []
        for row in rows:
            epoch = re.search(r"-(\d+):", row.get("nerva", ""))
            source = re.fullmatch(r"(.+)-(?:(\d+):)?([^-]+-([^-]+))\.src(?:\.rpm)?", row.get("srpm_nevra") or "")
            version = row.get("version") or row["nerva"].removeprefix(row["name"] + "-").split(":")[-1].split("-")[0]
            if row["name"] != "gpg-pubkey":
                # Where the list has no epoch of the package, it has that of its source.
                epoch = epoch[1] if epoch else source and source[2] or "0"
                evr = f"{version}-{row['release']}"
                packages.append(Package("rpm", row["name"], plain(f"{epoch}:{evr}"), source[1] if source else "",
                                        source[3] if source else "", row["architecture"], "", "Red Hat, Inc."))
        if packages:
            yield name, packages


def cases(work):
    said = records(work)
    # Without the documents by bulletin beside them, which say the same of what is mended and nothing else.
    feeds = (("redhat", only_weaknesses(work)),)
    for file in ("ubi8-2019.rpmdb-bdb.tar.zst", "ubi-7.rpmdb-bdb.tar.zst"):
        target = work.rootfs / "reconstructed" / file
        packages, release = lib.rpm_database(work, target, target)
        yield Case(file, feeds, target, expected(said, release["VERSION_ID"].split(".")[0], packages))
    for name, packages in manifests(work):
        release = re.search(r"\.el(\d+)", " ".join(package.version for package in packages))[1]
        target = lib.write_rpm(work, f"redhat-{name}", f"ID=rhel\nVERSION_ID={release}.0\n", packages)
        yield Case(f"manifest-{name}", feeds, target, expected(said, release, packages))
    for release in sorted(said):
        packages = list(made_up(said, release))
        target = lib.write_rpm(work, f"redhat-made-up-{release}", f"ID=rhel\nVERSION_ID={release}.0\n", packages)
        yield Case(f"made-up-{release}", feeds, target, expected(said, release, short(packages)))
