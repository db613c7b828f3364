"""SUSE and openSUSE: OVAL, a definition per weakness.

Rules: https://www.suse.com/support/security/oval/. Under an AND stand the products and what is said of packages on them:
`NAME-VERSION-RELEASE is installed` is less than that version, `is affected` any version, `is not affected` none. Products are
SUSE Linux Enterprise Server with the modules that come with it, Leap, Tumbleweed; what is ordered on top (LTSS, SAP, HA) is
another product.
"""

import gzip
import re
import xml.etree.ElementTree as ElementTree

import lib
from lib import Case, Package, rpm

ARCHIVE, FOLDER = "vuls-data-update-fixtures.tar.zst", "pkg/fetch/suse/oval/testdata/fixtures/happy"
# A file, os-release's id and version, and the products that such an image is.
CASES = (("opensuse.leap.15.2.xml.gz", "opensuse-leap", "15.2", r"openSUSE Leap 15\.2"),
         ("opensuse.tumbleweed.xml.gz", "opensuse-tumbleweed", "20240101", r"openSUSE Tumbleweed"),
         ("suse.linux.enterprise.12-affected.xml.gz", "sles", "12.5",
          r"SUSE Linux Enterprise (Server|Module for .*) 12( SP5)?"),
         ("suse.linux.enterprise.15-affected.xml.gz", "sles", "15.4", r"SUSE Linux Enterprise (Server|Module for .*) 15 SP4"),
         ("suse.linux.enterprise.15-affected.xml.gz", "sles", "15.3", r"SUSE Linux Enterprise (Server|Module for .*) 15 SP3"),
         ("suse.linux.enterprise.micro.5-affected.xml.gz", "sle-micro", "5.3", r"SUSE Linux Enterprise Micro 5\.3"),
         ("suse.linux.micro.6-affected.xml.gz", "sl-micro", "6.0", r"SUSE Linux Micro 6\.0"))


def is_product(comment):
    return re.match(r"(SUSE|openSUSE|Open Enterprise|SLE) .* is installed$", comment)


def comments(node):
    """The comments of a node, those below an AND of their own left out."""
    for child in node:
        kind = child.tag.rpartition("}")[2]
        if kind == "criterion":
            yield child.get("comment")
        elif kind == "criteria" and child.get("operator") == "OR" or kind == "criteria" and not any(
                is_product(one) for one in (row.get("comment") or "" for row in child.iter())):
            yield from comments(child)


def statements(node):
    """(products, words on packages) of each AND that names products."""
    for criteria in node.iter():
        if criteria.tag.rpartition("}")[2] == "criteria" and criteria.get("operator") == "AND":
            found = list(comments(criteria))
            products = [one.removesuffix(" is installed") for one in found if is_product(one)]
            if products:
                yield products, [one for one in found if not is_product(one) and "signed" not in one]


def records(text, ours):
    """{package: [(CVE, EVR, or "" for any version)]}"""
    said = {}
    for definition in ElementTree.fromstring(text).iter():
        if definition.tag.rpartition("}")[2] != "definition":
            continue
        weakness = re.search(r"CVE-\d+-\d+", "".join(definition.itertext()))[0]
        for products, words in statements(definition):
            if any(re.fullmatch(ours, product) for product in products):
                for word in words:
                    form = re.fullmatch(r"(\S+)-([^-\s]+-[^-\s]+) is installed", word)
                    if form:
                        said.setdefault(form[1], []).append((weakness, form[2]))
                    elif word.endswith(" is affected"):
                        said.setdefault(word.removesuffix(" is affected"), []).append((weakness, ""))
    return said


def expected(said, packages):
    found = {}
    for package in packages:
        for weakness, evr in said.get(package.name, ()):
            if not evr or rpm.less(package.version, evr):
                found[weakness, package.name, package.version] = ("fixed", evr) if evr else ("affected", "")
    return found


def cases(work):
    for number, (file, name, version, ours) in enumerate(CASES):
        data = (work.unpacked(work.feeds / "_format-samples" / ARCHIVE) / FOLDER / file).read_bytes()
        text = gzip.decompress(data).decode()
        said, packages = records(text, ours), []
        every = sorted(set(re.findall(r'comment="(\S+?)(?:-[^-"\s]+-[^-"\s]+)? is (?:installed|affected|not affected)"', text)))
        for package in every:
            for evr in sorted({evr for _, evr in said.get(package, ()) if evr} | {"0.1-1", "99-1"}):
                packages += [Package("rpm", package, one, package, one, "x86_64", "", "SUSE LLC") for one in (evr, evr + "~")]
        feed = work.new(f"suse-feed-{number}")
        feed.mkdir()
        (feed / file).write_bytes(data)
        target = lib.write_rpm(work, f"suse-{number}", f"ID={name}\nVERSION_ID=\"{version}\"\n", packages)
        yield Case(f"made-up-{name}-{version}", (("suse-oval", feed),), target, expected(said, packages))
