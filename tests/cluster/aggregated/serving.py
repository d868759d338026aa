# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves HTTP over TLS: authenticates, shows ordered faults, answers, and writes down what it was asked."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aggregated import faults
from aggregated.exchange import Answer, Request, User, answer
from aggregated.refusal import Refusal

Peer = Mapping[str, Any]
_WRITING = threading.Lock()


@dataclass(frozen=True)
class Service:
    """What a server does.

    Attributes:
        directory: the control plane's; its folder `faults` holds the orders.
        log: one JSON object a line for each request.
        authenticate: who asks, by the checked client certificate (empty where none was shown) and the headers.
            Raises Refusal where that is nobody.
        answer: does the work.
    """

    directory: Path
    log: Path
    authenticate: Callable[[Peer, Mapping[str, str]], User]
    answer: Callable[[Request], Answer]


def serve(service: Service, context: ssl.SSLContext, port_file: Path) -> None:
    """Serve on a free port of 127.0.0.1 for ever; the port is in the file as soon as it is open."""

    class Handler(_Handler):
        pass

    Handler.service = service
    server = _Server(("127.0.0.1", 0), Handler)
    server.context = context
    part = port_file.with_suffix(".part")
    part.write_text(str(server.server_port), encoding="utf-8")
    part.rename(port_file)
    server.serve_forever()


class _Server(ThreadingHTTPServer):
    """Makes the TLS handshake in the thread of each connection, so that a slow client holds up nobody."""

    context: ssl.SSLContext
    daemon_threads = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        try:
            super().finish_request(secured, client_address)
        finally:
            _close(secured)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    service: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer one request of any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        request = Request(self.command, address.path, query, headers, body, User(""))
        try:
            user = self.service.authenticate(self.connection.getpeercert() or {}, self._groups(headers))
        except Refusal as refusal:
            self._send(request, answer(refusal.status, refusal.body))
            return
        request = Request(self.command, address.path, query, headers, body, user)
        self._answer(request, faults.claim(self.service.directory, request, self.path))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the log of requests has it all."""

    def _groups(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers, with all groups in the one line for them, apart by line ends."""
        return {**headers, "x-remote-group": "\n".join(self.headers.get_all("X-Remote-Group") or [])}

    def _answer(self, request: Request, fault: faults.Fault | None) -> None:
        action = fault.action if fault else ""
        if fault and action in (faults.DELAY, faults.HANG):
            time.sleep(fault.seconds)
        if fault and action == faults.ANSWER:
            self._send(request, fault.answer(), fault)
        elif action in (faults.BREAK_BEFORE, faults.HANG):
            self._break(request, None, fault)
        else:
            given = self.service.answer(request)
            if action == faults.BREAK_AFTER:
                self._break(request, given, fault)
            elif action == faults.BREAK_DURING:
                self._send_half(given)
                self._break(request, given, fault)
            else:
                self._send(request, given, fault)

    def _send(self, request: Request, given: Answer, fault: faults.Fault | None = None) -> None:
        self._write_down(request, given, fault)
        self._send_head(given)
        self.wfile.write(given.body)

    def _send_half(self, given: Answer) -> None:
        self._send_head(given)
        self.wfile.write(given.body[: len(given.body) // 2])
        self.wfile.flush()

    def _send_head(self, given: Answer) -> None:
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(given.body)))
        self.end_headers()

    def _break(self, request: Request, given: Answer | None, fault: faults.Fault | None) -> None:
        self._write_down(request, given, fault)
        self.close_connection = True
        _close(self.connection)

    def _write_down(self, request: Request, given: Answer | None, fault: faults.Fault | None) -> None:
        """One line; `status` is that of the work, None where nothing was done."""
        entry = {
            "time": datetime.now(timezone.utc).isoformat(),
            "method": request.method,
            "requestURI": self.path,
            "user": request.user.name,
            "userAgent": request.headers.get("user-agent", ""),
            "status": given.status if given else None,
            "fault": fault.action if fault else None,
        }
        with _WRITING, open(os.open(self.service.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(json.dumps(entry) + "\n")


def _close(connection: socket.socket) -> None:
    """End a connection without the farewell of TLS, as a server that dies does."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    finally:
        connection.close()
