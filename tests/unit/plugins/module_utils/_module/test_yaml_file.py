# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML files: values with their lines, and what is refused because it would be read as something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._module.yaml_file import documents


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.yml"


def refused(file: Path, content: str | bytes) -> str:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InvalidInput) as error:
        documents(file)
    assert "\n" not in error.value.message
    return error.value.message.replace(str(file), "FILE")


def test_lines_of_parts(file: Path) -> None:
    file.write_text(
        "# comment\n---\nspec:\n  egress:\n  - action: Deny\n  - {action: Allow,\n     order: 5}\n---\na: b\n"
    )
    first, second = documents(file)
    places = [
        (),
        ("spec",),
        ("spec", "egress"),
        ("spec", "egress", 0),
        ("spec", "egress", 0, "action"),
        ("spec", "egress", 1, "order"),
    ]
    assert [first.line(steps) for steps in places] == [3, 3, 4, 5, 5, 7]
    assert (second.line(()), second.line(("a",))) == (9, 9)


def test_the_line_of_what_is_missing_is_that_of_what_should_have_it(file: Path) -> None:
    file.write_text("a: b\nspec:\n  egress:\n  - x: 1\n")
    (document,) = documents(file)
    assert [
        document.line(steps) for steps in [("c",), ("spec", "egress", 0, "action"), ("spec", "egress", 7), ("a", "b")]
    ] == [1, 4, 3, 1]


def test_merged_and_repeated_parts_have_the_line_where_they_stand(file: Path) -> None:
    file.write_text("base: &base {name: x, order: 1}\nother:\n  <<: *base\n  name: y\nagain: *base\n")
    (document,) = documents(file)
    assert document.content == {
        "base": {"name": "x", "order": 1}, "other": {"name": "y", "order": 1}, "again": {"name": "x", "order": 1},
    }  # fmt: skip
    assert [document.line((part, "name")) for part in ("base", "other", "again")] == [1, 4, 1]


def test_empty_documents_are_left_out(file: Path) -> None:
    file.write_text("---\n# nothing\n---\na: 1\n---\nnull\n")
    assert [document.content for document in documents(file)] == [{"a": 1}]


def test_a_range_of_ports_is_not_a_number_of_base_60(file: Path) -> None:
    file.write_text("ports: [22:23, 1:10:30, 0:30.5, 22]\nat: 12:30\n")
    assert [document.content for document in documents(file)] == [
        {"ports": ["22:23", "1:10:30", "0:30.5", 22], "at": "12:30"}
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "FILE:3: the key a is there twice, first in line 1."),
        ("{a: 1, a: 2}", "FILE:1: the key a is there twice, first in line 1."),
        ("a: 1\n'a': 2\n", "FILE:2: the key a is there twice, first in line 1."),
        ("- x:\n    y: 1\n    y: 2\n---\nz: 1\nz: 1\n", "FILE:3: the key y is there twice, first in line 2; FILE:6: the key z"),
        ("a: [\n", "FILE, line 2 is not YAML: "),
        ("a: \x00\n", "FILE is not YAML: special characters are not allowed"),
        ("a: !no 1\n", "FILE, line 1 is not YAML: could not determine a constructor"),
        ("a: *b\n", "FILE, line 1 is not YAML: found undefined alias"),
        ("? [a]\n: b\n", "FILE, line 1 is not YAML: found unhashable key"),
        ("a: 2026-02-31\n", "FILE has a value that cannot be read: day"),
        ("a: !!int ''\n", "FILE has a value that cannot be read: "),
        (f"a: {'9' * 5000}\n", "FILE has a value that cannot be read: "),
        ("[" * 5000, "FILE has a value that cannot be read: maximum recursion depth"),
        (b"\xff\xfe\x00", "FILE cannot be read: it is not UTF-8 text"),
    ],
)  # fmt: skip
def test_what_is_refused(file: Path, content: str | bytes, said: str) -> None:
    assert refused(file, content).startswith(said)


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file or directory"):
        documents(file)


def test_an_alias_may_be_part_of_itself(file: Path) -> None:
    file.write_text("a: &x\n  b: *x\n")
    assert documents(file)[0].line(("a", "b", "b", "b")) == 2
