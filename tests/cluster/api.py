# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the API server over HTTPS, without a client library."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from certificates import Identity

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
_TIMEOUT = 30.0


class ApiError(Exception):
    """The API server refused a request.

    Attributes:
        status: the HTTP status.
        message: the server's own words.
    """

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path}: {status} {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Api:
    """An API server, and who asks it.

    Attributes:
        server: its address, such as https://127.0.0.1:6443.
        ca: the file of the authority that it is checked against.
        identity: the client certificate to show, if any.
        token: the bearer token to send, if any.
    """

    server: str
    ca: Path
    identity: Identity | None = None
    token: str | None = None

    def request(self, method: str, path: str, body: object = None, content_type: str = JSON) -> dict[str, Any]:
        """Send one request and return the answer's object.

        Raises ApiError where the status is 400 or more, and OSError or http.client.HTTPException where no answer comes.
        """
        status, content = self._exchange(method, path, body, content_type)
        if status >= 400:
            raise ApiError(method, path, status, _message(content))
        answer: dict[str, Any] = json.loads(content)
        return answer

    def exists(self, path: str) -> bool:
        """Whether there is something at the path. Raises what `request` raises, but for a 404."""
        try:
            self.request("GET", path)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def is_ready(self) -> bool:
        """Whether the server says that it is ready; False too where it does not answer."""
        try:
            return self._exchange("GET", "/readyz", None, JSON)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _exchange(self, method: str, path: str, body: object, content_type: str) -> tuple[int, bytes]:
        """The status and the content of the answer to one request."""
        address = urlsplit(self.server)
        connection = http.client.HTTPSConnection(
            address.hostname or "",
            address.port,
            timeout=_TIMEOUT,
            context=_context(self.ca, self.ca.stat().st_mtime_ns, self.identity),
        )
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, self._headers(content_type))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _headers(self, content_type: str) -> Mapping[str, str]:
        authorization = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"Accept": JSON, "Content-Type": content_type, "User-Agent": "netguard-control-plane", **authorization}


@cache
def _context(ca: Path, _written: int, identity: Identity | None) -> ssl.SSLContext:
    """What a connection needs to know; made once, since that takes longer than most requests."""
    context = ssl.create_default_context(cafile=str(ca))
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    return context


def _message(content: bytes) -> str:
    """What an answer's Status object says, or the answer itself."""
    try:
        status = json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
    return str(status["message"]) if isinstance(status, dict) and "message" in status else str(status)
