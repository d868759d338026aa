# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors: whether they can be read, their normal form and its hash, and which labels they select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from _calico.selector import parse
from _calico.selector_tokens import InvalidSelector


def compare(vector: Mapping[str, Any]) -> Sequence[str]:
    """One answer: what differs in anything that Calico says of this selector, empty where nothing does."""
    ours = _answer(vector["selector"], vector.get("labels", ()))
    calicos = {key: vector[key] for key in ("valid", "canonical", "uid", "match") if key in vector}
    different = [
        f"{key} is {ours.get(key)!r}, {value!r} to Calico" for key, value in calicos.items() if ours.get(key) != value
    ]
    return [f"{vector['selector']!r}: {'; '.join(different)}" if different else ""]


def _answer(text: str, labels: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    try:
        selector = parse(text)
    except InvalidSelector:
        return {"valid": False}
    match = [selector.matches(each) for each in labels]
    return {"valid": True, "canonical": str(selector), "uid": selector.uid, "match": match}
