# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many requests to an API server, some at a time over connections that are kept, and nothing else: what no client can beat."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from api import JSON, Api

MERGE_PATCH = "application/merge-patch+json"
Request = tuple[str, str, Any]


def send_all(api: Api, requests: Iterable[Request], at_a_time: int) -> None:
    """Sends each (method, path, body). Raises RuntimeError where one is refused."""
    context = ssl.create_default_context(cafile=str(api.ca))
    if api.identity:
        context.load_cert_chain(api.identity.certificate, api.identity.key)
    server = urlsplit(api.server)
    own = threading.local()

    def connect() -> None:
        own.connection = http.client.HTTPSConnection(server.hostname or "", server.port, context=context)

    def send(request: Request) -> None:
        method, path, body = request
        headers = {"Accept": JSON, "Content-Type": MERGE_PATCH if method == "PATCH" else JSON}
        own.connection.request(method, path, json.dumps(body), headers)
        answer = own.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content.decode()}")

    with ThreadPoolExecutor(at_a_time, initializer=connect) as pool:
        list(pool.map(send, requests))
