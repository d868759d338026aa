# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of the API server means: one table from status to meaning, each meaning an error of its own."""

from __future__ import annotations

import json
import re
from typing import Any

from .._calico.errors import NetguardError

# How Calico's API server, and the webhook that stands in for it before plain CRDs, refuse who lacks a right on a tier.
_TIER_RIGHT = re.compile(r'in tier "(?P<tier>[^"]+)"|tiered policy')
_WEBHOOK = re.compile(r'admission webhook "[^"]+" denied the request')


class Unreachable(NetguardError):
    """No answer: the name does not resolve, nothing listens, the certificate is not trusted, or time ran out."""

    code = "unreachable"


class NotConnected(Unreachable):
    """No connection came about, so nothing was sent."""


class CertificateNotTrusted(NotConnected):
    """Something answers, and it does not prove to be the server."""


class Unauthorised(NetguardError):
    """The server does not know who is asking."""

    code = "unauthorised"


class Forbidden(NetguardError):
    """The server knows who is asking, and the right is missing: ``verb`` on ``resource``."""

    code = "forbidden"

    def __init__(self, message: str, remedy: str, verb: str, resource: str) -> None:
        super().__init__(message, remedy)
        self.verb = verb
        self.resource = resource


class ApiAbsent(NetguardError):
    """The server does not serve this API at all."""

    code = "api_absent"


class NotFound(NetguardError):
    """The API is there, the object is not."""

    code = "not_found"


class Conflict(NetguardError):
    """The object has changed since it was read."""

    code = "conflict"


class Refused(NetguardError):
    """The server does not accept what was sent; the message has its words."""

    code = "refused"


class Unavailable(NetguardError):
    """The server answers that it cannot answer now."""

    code = "unavailable"


class TurnedAway(Unavailable):
    """The server has too much to do, and did nothing."""


class AnswerLost(NetguardError):
    """A write was sent and its answer does not tell whether it was done; ``code`` and ``message`` are ``answer``'s."""

    def __init__(self, answer: Unreachable | Unavailable) -> None:
        super().__init__(answer.message)
        self.remedy = answer.remedy
        self.code = answer.code


def answer_error(status: int, verb: str, resource: str, name: str, content: bytes) -> NetguardError:
    """The error for an answer that is not a success.

    ``verb`` and ``resource`` are spelled as in RBAC (``list``, ``services``); ``content`` is the body of the answer.
    """
    words = _words(content)
    subject = f"{resource} {name}" if name else resource
    if status == 401:
        return _unauthorised(f"{verb} {subject}: {words or 'Unauthorized'}")
    # A webhook that gives no status of its own answers 400, whatever its reason is.
    if status == 403 or (status == 400 and _TIER_RIGHT.search(words)):
        return _forbidden(verb, resource, subject, words)
    if status == 404:
        return _absent(subject, name, content)
    if status == 409:
        return Conflict(f"{verb} {subject}: {words or 'conflict'}", "Something else writes it too; run again.")
    if status == 429 or status >= 500:
        return (TurnedAway if status == 429 else Unavailable)(
            f"{verb} {subject}: the API server answers {status}: {words or 'no reason given'}",
            "Look at the API server, and where an aggregated API answers at that; then run again.",
        )
    return Refused(f"{verb} {subject}: the API server refuses with {status}: {words or 'no reason given'}")


def _unauthorised(what: str) -> Unauthorised:
    return Unauthorised(
        f"{what}: the credentials were not sent or not accepted",
        "Check the token or certificate, its expiry, and whether a credential plugin of the kubeconfig fails.",
    )


def _forbidden(verb: str, resource: str, subject: str, words: str) -> NetguardError:
    if "system:anonymous" in words:
        return _unauthorised(f"{verb} {subject}: the API server sees system:anonymous")
    if _WEBHOOK.search(words) and not _TIER_RIGHT.search(words):
        return Refused(f"{verb} {subject}: {words}", "The webhook is the cluster's own: ask who runs it.")
    remedy = f"Grant the verb {verb} on {resource} to this account; docs/rbac of the collection has the roles."
    if found := _TIER_RIGHT.search(words):
        tier = found["tier"] or "TIER"
        remedy = (
            f"Grant get on the tier, and {verb} on tier.{resource} with the resource name {tier}.* too; "
            "docs/rbac of the collection has the roles."
        )
    return Forbidden(f"{verb} {subject} is forbidden: {words or 'no reason given'}", remedy, verb, resource)


def _absent(subject: str, name: str, content: bytes) -> NetguardError:
    if name and names_an_object(content):
        return NotFound(f"{subject} does not exist")
    return ApiAbsent(f"The cluster does not serve {subject}", "Install what serves this API, then run again.")


def names_an_object(content: bytes) -> bool:
    """Whether a 404 is about one object; that of an API that is not there is plain text, or names nothing."""
    status = _status(content)
    return bool((status.get("details") or {}).get("name"))


def _status(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(content: bytes) -> str:
    message = _status(content).get("message")
    text = message if isinstance(message, str) else content.decode("utf-8", "replace")
    return " ".join(text.split())[:1000].rstrip(".")
