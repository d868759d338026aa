# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one kind of error that a user sees: what is wrong, with which thing, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class NetguardError(Exception):
    """A failure that names the thing and the remedy.

    ``code`` is a stable word for programs (``invalid_manifest``, ``forbidden`` ...), ``message`` one line for people.
    ``changed`` says whether the cluster was changed before it, or may have been; ``details`` is more of it for programs.
    """

    code = "error"
    changed = False
    details: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, message: str, remedy: str = "") -> None:
        self.remedy = remedy
        self.message = " ".join(f"{message.rstrip('.')}. {remedy}".split()) if remedy else " ".join(message.split())
        super().__init__(self.message)


class InvalidInput(NetguardError):
    """What the user gave cannot be used; found before anything was read from or written to a cluster."""

    code = "invalid_input"


class InvalidManifest(InvalidInput):
    """A manifest is not the policy that it should be."""

    code = "invalid_manifest"
