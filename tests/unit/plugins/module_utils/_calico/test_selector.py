# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors: what the vectors do not state, and properties that hold for all of them."""

from __future__ import annotations

import time

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.label_index import LabelIndex
from ansible_collections.netguard.calico.plugins.module_utils._calico.labels import PartialLabels
from ansible_collections.netguard.calico.plugins.module_utils._calico.selector import parse
from ansible_collections.netguard.calico.plugins.module_utils._calico.selector_tokens import InvalidSelector
from ansible_collections.netguard.calico.plugins.module_utils._calico.selector_tree import And, Labels, Node, Not, Or
from clusters import labels, selectors
from hypothesis import given
from hypothesis import strategies as st

partial = st.builds(PartialLabels, labels, st.sampled_from([("a",), ("role",), ("",)]))
known_or_not: st.SearchStrategy[Labels] = st.one_of(labels, partial)


def collapsed(node: Node) -> Node:
    """The tree without double negations, which the text of a normal form cannot keep apart."""
    if isinstance(node, Not):
        operand = collapsed(node.operand)
        return operand.operand if isinstance(operand, Not) else Not(operand)
    if isinstance(node, (And, Or)):
        return type(node)(tuple(collapsed(operand) for operand in node.operands))
    return node


@given(selectors)
def test_the_normal_form_is_the_same_tree(text: str) -> None:
    selector = parse(text)
    assert collapsed(parse(str(selector)).root) == collapsed(selector.root)


@given(st.text(alphabet="ab='\"!&|(){}, \thasinotl"))
def test_any_text_is_a_selector_or_refused_with_the_place(text: str) -> None:
    try:
        parse(text).matches({"a": "b"})
    except InvalidSelector as error:
        assert "at character" in error.message


@given(selectors, st.lists(known_or_not, max_size=6))
def test_asking_all_at_once_gives_what_asking_each_gives(text: str, many: list[Labels]) -> None:
    selector = parse(text)
    sure, perhaps = LabelIndex(many).span(selector.root)
    answers = [selector.matches(each) for each in many]
    assert [bool(sure >> i & 1) for i in range(len(many))] == [answer is True for answer in answers]
    assert [bool(perhaps >> i & 1) for i in range(len(many))] == [answer is not False for answer in answers]


@given(selectors, labels, st.sampled_from(["app", "area", "role"]), st.sampled_from([None, "web", "db", "other"]))
def test_what_is_not_known_is_unknown_only_if_it_could_matter(
    text: str, known: dict[str, str], key: str, value: str | None
) -> None:
    rest = {k: v for k, v in known.items() if k != key}
    answer = parse(text).matches(PartialLabels(rest, (key,)))
    full = parse(text).matches(rest if value is None else {**rest, key: value})
    assert answer is None or answer == full


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("a = 'b'", 3, "=="),
        ("a == b", 6, "a string in quotes"),
        ("(has(a)", 8, ")"),
        ("a in {b}", 7, "}"),
        ("has(a) has(b)", 8, "&&, || or the end"),
        ("a == 'b' &&", 12, "a label"),
        ("a == 'b", 8, "a closing '"),
        ("has()", 5, "a label"),
        ("a", 2, "an operator"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, at: int, expected: str) -> None:
    with pytest.raises(InvalidSelector) as raised:
        parse(text)
    assert f"at character {at} {expected}" in raised.value.message


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "(" * 100_000, "!" * 100_000, "has(a)&&" * 12_500, "a in {" + "'x'," * 25_000]
)
def test_a_selector_of_100_000_characters_is_refused_at_once(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidSelector):
        parse(text)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("text", ["(" * 60_000, "!" * 60_000, "has(a)&&" * 8_000, "(!" * 30_000 + "has(a)"])
def test_no_length_or_depth_exhausts_the_stack(text: str) -> None:
    try:
        selector = parse(text)
    except InvalidSelector:
        return
    assert selector.matches({"a": "b"}) in (True, False)
