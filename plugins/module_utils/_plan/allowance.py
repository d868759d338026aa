# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user lets a plan do to connections, and what must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._calico.connection import Connection
from .._calico.nets import Address

OnOpened = Literal["warn", "refuse"]
OnUnknown = Literal["refuse", "warn"]


@dataclass(frozen=True)
class Allowance:
    """Whether a plan may open connections, and interrupt some; what must hold, and whether it must be known to hold.

    ``left_out`` are the lock-out checks that are not asked for, ``control_node`` is the address from which plans are carried out.
    """

    on_opened: OnOpened = "warn"
    interruption: bool = False
    expectations: tuple[Connection, ...] = ()
    on_unknown: OnUnknown = "refuse"
    left_out: tuple[str, ...] = ()
    control_node: Address | None = None
