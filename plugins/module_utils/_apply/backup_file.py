# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups in a file of the machine that the module runs on, which only its user may read."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from .._plan.backup import Backup, heading
from .backup_place import BackupNotStored, NoBackup


class BackupFile:
    """A file. One of an earlier run is kept beside it, under a name with the time at which it was written."""

    writes = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def rehearse(self, _backup: Backup) -> None:
        """Raises BackupNotStored where no file can be made there."""
        folder = self._path.parent
        if not folder.is_dir():
            raise BackupNotStored(f"The folder {folder} of the backup does not exist", "Make it first.")
        if self._path.is_dir():
            raise BackupNotStored(f"The backup {self._path} is a folder", "Name a file in it.")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise BackupNotStored(f"No file can be made in {folder}", "Choose a folder that this user may write to.")

    def store(self, backup: Backup) -> None:
        """Writes it whole or not at all. Raises BackupNotStored."""
        self.rehearse(backup)
        try:
            written = self._written(backup.as_text())
            if self._path.exists() and not self._is_of(backup):
                self._path.rename(self._place_beside())
            os.replace(written, self._path)
        except OSError as error:
            raise BackupNotStored(f"The backup {self._path} cannot be written: {error}") from error

    def read(self) -> str:
        """The file's text. Raises NoBackup."""
        try:
            return self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NoBackup(
                f"The backup {self._path} cannot be read: {error}", "Give the backup_file of a run."
            ) from error

    def _written(self, text: str) -> str:
        """A new file beside it, with mode 0600, on the disk for sure."""
        handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return name

    def _is_of(self, backup: Backup) -> bool:
        """Whether what is there was written by the same run, for a plan that came to nothing."""
        return heading(self._path.read_bytes()).get("run") == backup.run

    def _place_beside(self) -> Path:
        written = datetime.fromtimestamp(self._path.stat().st_mtime, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        place, number = self._path.with_name(f"{self._path.name}.{written}~"), 1
        while place.exists():
            place, number = self._path.with_name(f"{self._path.name}.{written}.{number}~"), number + 1
        return place
