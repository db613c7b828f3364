"""A port that hands everything on to a server and notes what was asked."""

import re
import socket
import threading

REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1\r\n")


class Tap:
    """Clients that are given `host` can be watched: `requests` are (method, path) in their order."""

    def __init__(self, server):
        self.server = server
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self.server.port))
            for source, target, watched in ((client, upstream, True), (upstream, client, False)):
                threading.Thread(target=self.copy, args=(source, target, watched), daemon=True).start()

    def copy(self, source, target, watched):
        tail = b""
        try:
            while data := source.recv(65536):
                if watched:
                    tail = self.note(tail + data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                end.close()

    def note(self, data):
        """Notes the request lines; answers the end of the data, where one may have begun."""
        end = 0
        for found in REQUEST.finditer(data):
            self.requests.append((found[1].decode(), found[2].decode()))
            end = found.end()
        return data[end:][-2000:]

    def close(self):
        self.listener.close()
