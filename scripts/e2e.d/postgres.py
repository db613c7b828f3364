"""A PostgreSQL cluster of one's own, under a temporary directory and on a loopback port."""

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


class Cluster:
    """A cluster in a fresh directory, for as long as a `with` lasts."""

    def __init__(self, directory):
        self.directory, (self.prefix, user) = pathlib.Path(directory), as_nobody()
        self.directory.mkdir(parents=True)
        if user:
            shutil.chown(self.directory, user)
            for parent in self.directory.parents:
                if parent.stat().st_mode & 0o001 == 0:
                    parent.chmod(parent.stat().st_mode | 0o001)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self):
        data, log = self.directory / "data", self.directory / "log"
        self.run("initdb", "-D", data, "-A", "trust", "-U", USER, "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.directory}"
        self.run("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "stop")

    def run(self, name, *words):
        command = [*self.prefix, program(name), *map(str, words)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
        if done.returncode != 0:
            raise SystemExit(f"e2e: FAILED: {name}: {done.stdout}")

    def database(self, name):
        """The URL of a database, which is made unless it is the one that every cluster has."""
        if name != "postgres":
            self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", USER, name)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"
