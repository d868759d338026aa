# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user lets a plan do to connections, and what must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._calico.connection import Connection

OnOpened = Literal["warn", "refuse"]
OnUnknown = Literal["refuse", "warn"]


@dataclass(frozen=True)
class Allowance:
    """Whether a plan may open connections, and interrupt some; what must hold, and whether it must be known to hold."""

    on_opened: OnOpened = "warn"
    interruption: bool = False
    expectations: tuple[Connection, ...] = ()
    on_unknown: OnUnknown = "refuse"
