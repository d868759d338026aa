# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request and its answer, apart from how they travel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"


@dataclass(frozen=True)
class User:
    """Who asks, as the front proxy says."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One HTTP request; of a parameter that is given twice the last counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    user: User

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("content-type", JSON).partition(";")[0].strip()


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON})


def answer(status: int, content: Mapping[str, Any]) -> Answer:
    """An answer whose body is the object as JSON."""
    return Answer(status, json.dumps(content).encode())
