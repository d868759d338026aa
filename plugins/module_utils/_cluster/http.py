# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over the kubernetes client's connection pool: its TLS, proxy and authentication, plain bytes otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .errors import CertificateNotTrusted, Unreachable

CONNECT_SECONDS = 10
# The API server itself ends a request after 60 seconds.
READ_SECONDS = 65
READS_REPEATED = 2


@dataclass(frozen=True)
class Answer:
    """Status code and body of one answer."""

    status: int
    content: bytes


class Http:
    """Sends requests; thread-safe, as urllib3's pool is.

    ``configuration`` is the kubernetes client's, complete with host and credentials; ``headers`` go with each request.
    """

    def __init__(self, configuration: Any, headers: Mapping[str, str | list[str]]) -> None:
        from kubernetes.client.rest import RESTClientObject

        self._configuration = configuration
        self._headers = headers
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
        """One request. A GET is repeated where the connection fails or the server is busy; a write never is.

        Raises Unreachable where no answer comes.
        """
        from urllib3.exceptions import HTTPError

        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = self._request_headers()
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            answer = self._pool.request(
                method, url, body=body, headers=headers, timeout=_timeout(), retries=_retries(method), redirect=False
            )
        except HTTPError as error:
            raise _unreachable(self.server, error) from error
        return Answer(answer.status, answer.data)

    def _request_headers(self) -> Any:
        from urllib3 import HTTPHeaderDict

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


def _retries(method: str) -> Any:
    from urllib3 import Retry

    if method != "GET":
        return Retry(total=0, redirect=False, raise_on_status=False)
    return Retry(
        total=READS_REPEATED,
        redirect=False,
        backoff_factor=0.5,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
    )


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
    return Unreachable(f"No answer from {server}: {words}", "Check the address, the network and the proxy.")
