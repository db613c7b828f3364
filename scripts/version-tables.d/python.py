# Orders pairs of versions by a Python library: packaging, portage, conan or conda.
import sys

which = sys.argv[1]


def by_key(read):
    def order(a, b):
        a, b = read(a), read(b)
        return "<" if a < b else "=" if a == b else ">"

    return order


if which == "pep440":
    from packaging.version import Version

    order = by_key(Version)
elif which == "conan":
    from conan.internal.model.version import Version

    order = by_key(Version)
elif which == "conda":
    from conda.models.version import VersionOrder

    order = by_key(VersionOrder)
elif which == "portage":
    from portage.versions import ver_regexp, vercmp

    def order(a, b):
        if not ver_regexp.match(a) or not ver_regexp.match(b):
            return "?"
        found = vercmp(a, b)
        return "<" if found < 0 else ">" if found > 0 else "="


for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    try:
        print(order(a, b))
    except Exception:
        print("?")
