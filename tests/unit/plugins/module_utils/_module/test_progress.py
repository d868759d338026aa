# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module tells of how far it is, and what is read of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._module.progress import (
    PROGRESS_VARIABLE,
    last_line,
    progress_of,
)


def test_the_last_line_is_what_is_done_now(tmp_path: Path) -> None:
    file = tmp_path / "told"
    file.touch()
    progress = progress_of({PROGRESS_VARIABLE: str(file)})
    assert last_line(str(file)) == ""
    progress.phase("reading policies")
    assert last_line(str(file)) == "reading policies"
    progress.writing(0, "create a")
    assert last_line(str(file)) == "0 written, create a"
    progress.writes(20)
    progress.writing(3, "update b")
    assert last_line(str(file)) == "3 of 20 written, update b"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"one\ntwo\nthr", "two"),
        (b"\x1b[31mred\n", "?[31mred"),
        (b"\xff\n", "\ufffd"),
        (b"x" * 5000 + b"\n", "x" * 200),
        (b"one\n" * 5000, "one"),
    ],
)
def test_a_line_is_whole_short_and_fit_for_a_terminal(tmp_path: Path, content: bytes, line: str) -> None:
    file = tmp_path / "told"
    file.write_bytes(content)
    assert last_line(str(file)) == line


def test_nothing_depends_on_the_file(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    (tmp_path / "link").symlink_to(target)
    for path in ("", str(tmp_path / "nothing"), str(tmp_path / "link")):
        progress_of({PROGRESS_VARIABLE: path}).phase("reading policies")
    assert (target.read_bytes(), (tmp_path / "nothing").exists()) == (b"", False)
    progress_of({}).phase("reading policies")
