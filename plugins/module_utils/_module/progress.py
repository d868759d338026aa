# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a module is, for the action plugin that shows it: lines at the end of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

# Set by the action plugins only; nothing that users set.
PROGRESS_VARIABLE = "NETGUARD_CALICO_PROGRESS"
_LONGEST = 200
_READ = 4096


class ProgressFile:
    """Tells a file, which somebody else made; without a path nobody.

    ``total`` is the number of writes, None as long as nothing is being written.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.total: int | None = None

    def phase(self, words: str) -> None:
        self._say(words)

    def writes(self, total: int) -> None:
        self.total = total

    def writing(self, done: int, what: str) -> None:
        """So many writes were done, and this one begins."""
        of_all = f" of {self.total}" if self.total is not None else ""
        self._say(f"{done}{of_all} written, {what}")

    def _say(self, words: str) -> None:
        if not self._path:
            return
        # Another user's module may not write there, and nothing depends on it.
        with suppress(OSError):
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            try:
                os.write(file, f"{words}\n".encode())
            finally:
                os.close(file)


def progress_of(environ: Mapping[str, str]) -> ProgressFile:
    """The file that the environment names."""
    return ProgressFile(environ.get(PROGRESS_VARIABLE, ""))


def last_line(path: str) -> str:
    """What was told last, on one line that a terminal may show; empty where nothing was."""
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _READ))
        lines = file.read().decode("utf-8", "replace").split("\n")
    # What comes after the last line's end is being written.
    said = lines[-2] if len(lines) > 1 else ""
    return "".join(sign if sign.isprintable() else "?" for sign in said[:_LONGEST])
