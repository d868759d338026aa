# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for an API that is still being installed, and not for one that nobody announces."""

from __future__ import annotations

import time
from collections.abc import Callable

from .._calico.errors import NetguardError
from .connection import Connection
from .discovery import Cluster, OnlyV1, announced, discover, require_policies
from .errors import ApiAbsent, CertificateNotTrusted, Unavailable, Unreachable

PAUSE_SECONDS = 2.0
# An installer creates the v1 CRDs and the API server together; within this time the second is to be seen.
GRACE_SECONDS = 10.0


def wait_for_api(
    connection: Connection,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Cluster:
    """The cluster, as soon as it serves v3 and Calico has made its tier default, for at most ``timeout`` seconds.

    Raises the last failure when time is up; at once what waiting does not mend (unauthorised, forbidden, a
    certificate that is not trusted), and after a
    short grace OnlyV1, where nothing announces v3.
    """
    start = clock()
    while True:
        try:
            cluster = discover(connection)
            require_policies(connection.gateway)
            return cluster
        except OnlyV1:
            if clock() - start >= min(timeout, GRACE_SECONDS) and not announced(connection.gateway):
                raise
            failure: NetguardError | None = None
        except CertificateNotTrusted:
            raise
        except (ApiAbsent, Unavailable, Unreachable) as error:
            failure = error
        if clock() - start >= timeout:
            raise failure if failure is not None else _not_in_time(timeout)
        sleep(PAUSE_SECONDS)


def _not_in_time(timeout: float) -> ApiAbsent:
    return ApiAbsent(
        f"projectcalico.org/v3 is announced and was not served within {timeout:g} s",
        "Look at the APIService v3.projectcalico.org and the pods behind it, or wait longer (wait_timeout).",
    )
