# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that refuse a request, in the words of Kubernetes' Status."""

from __future__ import annotations

from typing import Any

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Refusal(Exception):
    """A request is answered with an error.

    Attributes:
        status: the HTTP status.
        body: the Status object.
    """

    def __init__(self, status: int, message: str, reason: str = "", **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Status",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason or _REASONS[status],
            "code": status,
        }
        if details:
            self.body["details"] = details
