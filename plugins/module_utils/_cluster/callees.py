# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads whom the API server itself calls: admission webhooks, and the Service that serves Calico's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._calico.errors import NetguardError
from .._calico.snapshot import Snapshot
from .discovery import API_SERVICE
from .gateway import Gateway, Objects
from .resources import API_SERVICES, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS


def read_callees(gateway: Gateway) -> Snapshot:
    """The configurations that name them, by kind; a kind that could not be read is in ``unread``."""
    objects: dict[str, Objects] = {}
    unread: dict[str, str] = {}
    for kind, read in _readers(gateway).items():
        try:
            objects[kind] = read()
        except NetguardError as error:
            unread[kind] = error.message
    return Snapshot({kind: tuple(found) for kind, found in objects.items()}, unread)


def _readers(gateway: Gateway) -> Mapping[str, Callable[[], Objects]]:
    return {
        VALIDATING_WEBHOOKS.kind: lambda: gateway.list(VALIDATING_WEBHOOKS),
        MUTATING_WEBHOOKS.kind: lambda: gateway.list(MUTATING_WEBHOOKS),
        API_SERVICES.kind: lambda: _api_service(gateway),
    }


def _api_service(gateway: Gateway) -> Objects:
    found = gateway.get(API_SERVICES, API_SERVICE)
    return [] if found is None else [found]
