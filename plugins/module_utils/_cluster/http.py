# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over the kubernetes client's connection pool: its TLS, proxy and authentication, plain bytes otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .errors import CertificateNotTrusted, NotConnected, Unreachable

CONNECT_SECONDS = 10
# The API server itself ends a request after 60 seconds.
READ_SECONDS = 65
READS_REPEATED = 2
WRITES_REPEATED = 3
# What a server asks for by Retry-After is kept to, up to here.
LONGEST_PAUSE_SECONDS = 20.0
_REPEATING: Mapping[str, Any] = {
    "redirect": False,
    "backoff_factor": 0.5,
    "raise_on_status": False,
    "allowed_methods": None,
}
_READING: Mapping[str, Any] = {"total": READS_REPEATED, "status_forcelist": (429, 500, 502, 503, 504)}
_WRITING: Mapping[str, Any] = {
    "total": WRITES_REPEATED,
    "status_forcelist": (429,),
    "connect": 0,
    "read": 0,
    "other": 0,
}


@dataclass(frozen=True)
class Answer:
    """Status code and body of one answer."""

    status: int
    content: bytes


class Http:
    """Sends requests; thread-safe, as urllib3's pool is.

    ``configuration`` is the kubernetes client's, complete with host and credentials; ``headers`` go with each request.
    ``pause`` waits so many seconds before a request is repeated; what it raises ends the request.
    """

    def __init__(
        self,
        configuration: Any,
        headers: Mapping[str, str | list[str]],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        from kubernetes.client.rest import RESTClientObject

        self._configuration = configuration
        self._headers = headers
        self._patient = _patient(pause)
        self._pool = RESTClientObject(configuration).pool_manager

    @property
    def server(self) -> str:
        """URL of the API server."""
        return str(self._configuration.host)

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """One request. What changes nothing is repeated where the connection fails or the server is busy.

        A write is repeated only where the server turned it away with 429, having done nothing. Raises NotConnected where
        nothing was sent, Unreachable where no answer comes.
        """
        from urllib3.exceptions import HTTPError

        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = self._request_headers()
        reads = method == "GET" or query.get("dryRun") == "All"
        retries = self._patient(**(_READING if reads else _WRITING), **_REPEATING)
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            # Releases of urllib3 before 2 join repeated headers in request(), where there is a body.
            answer = self._pool.request_encode_url(
                method, url, body=body, headers=headers, timeout=_timeout(), retries=retries, redirect=False
            )
        except HTTPError as error:
            raise _unreachable(self.server, error) from error
        return Answer(answer.status, answer.data)

    def _request_headers(self) -> Any:
        # Releases before 2 have it here only.
        from urllib3._collections import HTTPHeaderDict

        headers = HTTPHeaderDict({"Accept": "application/json"})
        for name, value in self._headers.items():
            for each in value if isinstance(value, list) else [value]:
                headers.add(name, each)
        # Asked for each request, since tokens of credential plugins and mounted tokens are renewed meanwhile.
        for setting in self._configuration.auth_settings().values():
            headers[setting["key"]] = setting["value"]
        return headers


def _timeout() -> Any:
    from urllib3 import Timeout

    return Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)


def _patient(pause: Callable[[float], None]) -> Any:
    """urllib3's Retry, which waits no longer than is reasonable, and repeats nothing for Retry-After alone."""
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    class Patient(Retry):
        """A 503 with Retry-After may come from before or behind the place where a write is stored."""

        RETRY_AFTER_STATUS_CODES = frozenset({429})

        def get_retry_after(self, response: Any) -> float | None:
            """Seconds that the server asks for."""
            try:
                seconds = super().get_retry_after(response)
            except InvalidHeader:
                return None
            return None if seconds is None else min(seconds, LONGEST_PAUSE_SECONDS)

        def sleep(self, response: Any = None) -> None:
            """Waits before the request is repeated."""
            asked_for = self.get_retry_after(response) if response is not None else None
            pause(asked_for or self.get_backoff_time())

    return Patient


def _unreachable(server: str, error: Exception) -> Unreachable:
    reason = getattr(error, "reason", None) or error
    words = str(reason)
    # urllib3 puts the object that it failed on before its words.
    words = words.split("): ", 1)[1] if words.startswith("HTTP") and "): " in words else words
    if "CERTIFICATE_VERIFY_FAILED" in words or "Hostname mismatch" in words:
        return CertificateNotTrusted(
            f"The certificate of {server} is not trusted: {words}",
            "Give ca_cert, or certificate-authority in the kubeconfig; check that the host name is the certificate's.",
        )
    unreachable = NotConnected if _before_sending(reason) else Unreachable
    return unreachable(f"No answer from {server}: {words}", "Check the address, the network and the proxy.")


def _before_sending(error: Exception) -> bool:
    """Whether no connection came about. A connection through a proxy that breaks later is a ProxyError too."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    first = getattr(error, "original_error", error)
    return isinstance(first, (ConnectTimeoutError, NewConnectionError))
