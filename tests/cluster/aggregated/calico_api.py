# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calico's API: from a request to its answer."""

from __future__ import annotations

from dataclasses import dataclass

from aggregated.authorization import Access
from aggregated.discovery import document
from aggregated.exchange import Answer, Request, answer
from aggregated.reads import Reads
from aggregated.refusal import Refusal
from aggregated.release import Release
from aggregated.resource import Place, place
from aggregated.selection import selection
from aggregated.storage import Storage
from aggregated.writes import Writes
from api import Api

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class CalicoApi:
    """projectcalico.org/v3 as a release of Calico serves it, stored behind the API server that `api` asks."""

    api: Api
    release: Release

    def answer(self, request: Request) -> Answer:
        """The answer to one request, refusals included."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return answer(refusal.status, refusal.body)

    def _answer(self, request: Request) -> Answer:
        kinds = self.release.kinds()
        if request.method == "GET" and (found := document(request.path, kinds)) is not None:
            return answer(200, found)
        where = place(request.path, kinds)
        if where is None:
            raise Refusal(404, "the server could not find the requested resource")
        access = Access(self.api, request.user, _verb(request, where), where)
        access.require()
        storage = Storage(self.api, self.release)
        if request.method == "GET":
            reads = Reads(storage)
            return answer(200, reads.get(access) if where.name else reads.list(access, selection(request.query)))
        if where.is_read_only:
            raise where.not_supported(access.verb.capitalize())
        writes = Writes(storage)
        write = {"create": writes.create, "update": writes.update, "patch": writes.patch, "delete": writes.delete}
        return write[access.verb](request, access)


def _verb(request: Request, where: Place) -> str:
    """The request's verb as RBAC names it. Raises Refusal for what is not served here."""
    if request.method == "GET" and request.query.get("watch", "") not in ("true", "1"):
        return "get" if where.name else "list"
    verb = _VERBS.get(request.method)
    if verb is None or (verb == "create") == bool(where.name):
        raise Refusal(405, "the server does not allow this method on the requested resource")
    return verb
