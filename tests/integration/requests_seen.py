# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection asked of an API server, by the server's own audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITING = {"create", "update", "patch", "delete", "deletecollection"}
_AGENT = "netguard.calico/"


@dataclass
class Requests:
    """The requests of the collection between entering and leaving the block."""

    audit_log: Path
    _start: int = 0
    _entries: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Requests:
        self._start = self.audit_log.stat().st_size
        return self

    def __exit__(self, *_error: object) -> None:
        self._entries = list(self._read())

    def _read(self) -> Iterator[dict[str, Any]]:
        with self.audit_log.open(encoding="utf-8") as log:
            log.seek(self._start)
            for line in log:
                entry = json.loads(line)
                if entry.get("userAgent", "").startswith(_AGENT):
                    yield entry

    @property
    def all(self) -> list[str]:
        """Every request as ``VERB PATH``."""
        return [f"{entry['verb']} {entry['requestURI']}" for entry in self._entries]

    @property
    def writes(self) -> list[str]:
        """Those that could have changed something: writing verbs that are no dry runs."""
        return [
            f"{entry['verb']} {entry['requestURI']}"
            for entry in self._entries
            if entry["verb"] in _WRITING and "dryRun=All" not in entry["requestURI"]
        ]
