# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places and values as messages show them."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.fault import Fault, a, beneath, listed, shown


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "egress", 0, "destination", "nets", 1), "spec.egress[0].destination.nets[1]"),
        (("metadata", "labels", "a.b/c"), "metadata.labels['a.b/c']"),
        (("metadata", "labels", "a\nb"), r"metadata.labels['a\nb']"),
        (("spec", True), "spec[True]"),
        (("spec", None), "spec[nothing]"),
        (("spec", "\ud800"), r"spec['\ud800']"),
    ],
)
def test_path(steps: tuple[object, ...], path: str) -> None:
    assert Fault(steps, "is wrong").path == path
    assert str(Fault(steps, "is wrong")) == (f"{path}: is wrong" if path else "is wrong")


def test_faults_of_a_part_are_faults_of_the_whole() -> None:
    assert [fault.path for fault in beneath(("spec", 1), [Fault(("a",), ""), Fault((), "")])] == [
        "spec[1].a",
        "spec[1]",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("text", "'text'"),
        ("a\n\x00\ud800", r"'a\n\x00\ud800'"),
        ("a" * 1000, f"'{'a' * 57}...'"),
        (True, "True"),
        (-5, "-5"),
        (10**5000, "a number"),
        (float("nan"), "nan"),
        (None, "nothing"),
        ([1], "a list"),
        ({}, "a mapping"),
        (b"x", "a bytes"),
    ],
    ids=range(11),
)
def test_values(value: object, words: str) -> None:
    assert shown(value) == words


def test_types_and_choices_in_words() -> None:
    assert [a(value) for value in (None, True, 1, 1.5, "", [], {})] == [
        "nothing", "a boolean", "a number", "a number", "a string", "a list", "a mapping",
    ]  # fmt: skip
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == ("a", "a or b", "a, b or c")
