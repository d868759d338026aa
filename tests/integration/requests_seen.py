# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection asked of an API server, by the server's own audit log, and by that of Calico's where it has one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

Policies = Mapping[str, Mapping[str, Any]]
_WRITING = {"create", "update", "patch", "delete", "deletecollection"}
_AGENT = "netguard.calico/"


@dataclass
class Requests:
    """The requests of the collection between entering and leaving the block."""

    audit_log: Path
    calico_log: Path | None = None
    _starts: dict[Path, int] = field(default_factory=dict)
    _entries: list[dict[str, Any]] = field(default_factory=list)
    _at_calico: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Requests:
        logs = [self.audit_log, *([self.calico_log] if self.calico_log else [])]
        self._starts = {log: log.stat().st_size for log in logs}
        return self

    def __exit__(self, *_error: object) -> None:
        self._entries = list(self._read(self.audit_log))
        self._at_calico = list(self._read(self.calico_log)) if self.calico_log else []

    def _read(self, file: Path) -> Iterator[dict[str, Any]]:
        with file.open("rb") as log:
            _to_the_next_line(log, self._starts[file])
            for line in log:
                # The last line may be another client's, and not written to its end yet.
                if not line.endswith(b"\n"):
                    return
                entry = json.loads(line)
                if (entry.get("userAgent") or "").startswith(_AGENT):
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

    @property
    def writes_at_calico(self) -> list[str]:
        """The same, as Calico's API server saw them."""
        return [
            f"{entry['method']} {entry['requestURI']}"
            for entry in self._at_calico
            if entry["method"] != "GET" and "dryRun=All" not in entry["requestURI"]
        ]


def _to_the_next_line(log: BinaryIO, position: int) -> None:
    """Goes to the first line that begins at the position or later.

    The server writes for its controllers too, so a log's size may be read while a line is half written.
    """
    log.seek(max(0, position - 1))
    if position:
        log.readline()


def policies_written(writes: Sequence[str], before: Policies, after: Policies) -> Iterator[str]:
    """The names of the policies that writes were about, of all policies before and after them.

    No path has the name of what it creates; what is newer has the higher resourceVersion.
    """
    new = [name for name in after if name not in before]
    created = sorted(new, key=lambda name: int(after[name]["metadata"]["resourceVersion"]))
    for write in writes:
        verb, path = write.split(" ", 1)
        yield created.pop(0) if verb == "create" else path.partition("?")[0].rpartition("/")[2]
