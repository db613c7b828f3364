"""A PostgreSQL cluster of one's own, under a temporary directory and on a loopback port."""

import atexit
import glob
import os
import pathlib
import shutil
import socket
import subprocess

USER = "lazaret"


def program(name):
    """A program of Debian's postgresql package, which keeps them off the path."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    if not found:
        raise SystemExit(f"e2e: FAILED: there is no {name}: install the package postgresql")
    return found[-1]


def as_nobody():
    """PostgreSQL refuses to be run by root: what a command has to begin with, and who it is then."""
    if os.getuid() != 0:
        return [], None
    return [shutil.which("setpriv"), "--reuid=nobody", "--regid=nogroup", "--clear-groups"], "nobody"


def start(directory):
    """Starts a cluster; answers the URL of a function of a database's name. It ends with this process."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    prefix, user = as_nobody()
    if user:
        shutil.chown(directory, user)
        for parent in directory.parents:
            if parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o001)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = directory / "data"

    def run(*command):
        done = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True, cwd=directory)
        if done.returncode != 0:
            log = directory / "log"
            text = log.read_text() if log.exists() else ""
            raise SystemExit(f"e2e: FAILED: {command[0]}: {done.stdout}{done.stderr}{text}")

    run(program("initdb"), "-D", data, "-A", "trust", "-U", USER, "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={directory}"
    run(program("pg_ctl"), "-D", data, "-o", options, "-l", directory / "log", "-w", "start")
    atexit.register(run, program("pg_ctl"), "-D", data, "-m", "immediate", "stop")

    def database(name):
        if name != "postgres":
            run(program("createdb"), "-h", "127.0.0.1", "-p", port, "-U", USER, name)
        return f"postgresql://{USER}@127.0.0.1:{port}/{name}"

    return database
