# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy that tunnels, as stands between controllers and clusters in many companies."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer


@contextmanager
def tunnelling() -> Iterator[str]:
    """The URL of a proxy that runs for the block."""
    server = ThreadingTCPServer(("127.0.0.1", 0), _Tunnel)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Tunnel(StreamRequestHandler):
    def handle(self) -> None:
        method, target, _version = self.rfile.readline().split()
        assert method == b"CONNECT"
        while self.rfile.readline().strip():
            pass
        host, port = target.decode().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as server:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(server, self.connection))
            back.start()
            _pass_on(self.connection, server)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Passes on what comes until one side ends, and then ends the other."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
