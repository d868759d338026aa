# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run is, as those who carry it out tell it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Gets told; what becomes of it is no matter of who tells."""

    def phase(self, words: str) -> None:
        """What is done from now on."""

    def writes(self, total: int) -> None:
        """Writing begins, so many writes if nothing comes between."""


class _Unheard:
    """A Progress where nobody listens."""

    def phase(self, words: str) -> None:
        pass

    def writes(self, total: int) -> None:
        pass


UNHEARD = _Unheard()
