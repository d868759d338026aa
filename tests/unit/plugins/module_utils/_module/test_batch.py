# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of batches."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._module.batch import batch_size


@pytest.mark.parametrize(
    ("given", "total", "size"),
    [("1", 7, 1), ("10", 7, 7), ("10", 70, 10), ("25%", 8, 2), ("25%", 9, 3), ("1%", 3, 1), ("100%", 7, 7)],
)
def test_a_number_or_a_share(given: str, total: int, size: int) -> None:
    of = batch_size(given)
    assert of is not None and of(total) == size


@pytest.mark.parametrize("given", [None, ""])
def test_no_batches(given: str | None) -> None:
    assert batch_size(given) is None


@pytest.mark.parametrize("given", ["0", "-1", "0%", "101%", "ten", "5 %", "1.5", "%"])
def test_what_is_no_size_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="batch is "):
        batch_size(given)
