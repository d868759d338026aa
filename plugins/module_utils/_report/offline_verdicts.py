# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers on plain objects for filters and tests, without a module around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from .._calico.connection import parse_connections
from .._calico.errors import InvalidInput
from .._calico.policies import Staged
from .._calico.snapshot import offline
from .._calico.stored import with_server_defaults
from .verdicts import Questions, verdict_report


def verdicts(resources: Any, connections: Any, staged: str) -> list[dict[str, Any]]:
    """The answers to the connections. Raises InvalidInput for what is no list of objects, and NetguardError."""
    if staged not in ("ignore", "enforce"):
        raise InvalidInput(f"staged is {staged!r}", "It is ignore or enforce.")
    for name, value in (("resources", resources), ("connections", connections)):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InvalidInput(f"{name} is no list", "Give a list, also for a single one.")
    if not all(isinstance(item, Mapping) for item in resources):
        raise InvalidInput("resources has something that is no object", "Give Kubernetes objects.")
    asked = parse_connections(connections, "connections", "refused")
    report = verdict_report(
        offline([with_server_defaults(item) for item in resources]), Questions(asked, None, cast(Staged, staged))
    )
    return cast("list[dict[str, Any]]", report["verdicts"])
