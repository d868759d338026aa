# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup in a file: private, whole, and never in the place of an earlier one that is lost by it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.backup_file import BackupFile
from ansible_collections.netguard.calico.plugins.module_utils._apply.backup_place import BackupNotStored, NoBackup
from ansible_collections.netguard.calico.plugins.module_utils._plan.backup import Backup

BACKUP = Backup("cluster", "first", "2026-11-25T21:00:00Z")


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    BackupFile(tmp_path / "b.json").store(BACKUP)
    assert (tmp_path / "b.json").stat().st_mode & 0o777 == 0o600
    assert BackupFile(tmp_path / "b.json").read() == BACKUP.as_text()
    assert [*tmp_path.iterdir()] == [tmp_path / "b.json"]


def test_that_of_the_same_run_is_replaced_and_those_of_earlier_ones_are_kept(tmp_path: Path) -> None:
    file = BackupFile(tmp_path / "b.json")
    for run in ("first", "first", "second", "third"):
        file.store(replace(BACKUP, run=run))
    kept = [f.read_text(encoding="utf-8") for f in tmp_path.iterdir() if f.name.endswith("Z~") or ".1~" in f.name]
    assert file.read() == replace(BACKUP, run="third").as_text()
    assert sorted(kept) == sorted(replace(BACKUP, run=run).as_text() for run in ("first", "second"))


def test_what_is_there_and_is_no_backup_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("mine", encoding="utf-8")
    BackupFile(tmp_path / "b.json").store(BACKUP)
    assert "mine" in [f.read_text(encoding="utf-8") for f in tmp_path.iterdir()]


@pytest.mark.parametrize("path", ["absent/b.json", ""])
def test_where_no_file_can_be_is_said_before(tmp_path: Path, path: str) -> None:
    with pytest.raises(BackupNotStored, match=r"does not exist|is a folder"):
        BackupFile(tmp_path / path).rehearse(BACKUP)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said_before(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BackupNotStored, match="No file can be made"):
        BackupFile(tmp_path / "b.json").rehearse(BACKUP)


def test_no_backup_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match="cannot be read"):
        BackupFile(tmp_path / "b.json").read()
