# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Services are meant, and which namespaces are listed for them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._service.selection import selection


@pytest.mark.parametrize(
    ("params", "listed"),
    [
        ({"namespaces": ["shop", "desk"]}, ("shop", "desk")),
        ({"namespaces": ["shop", "shop"]}, ("shop",)),
        ({"namespaces": ["shop", "", "shop", "desk"]}, ("shop", "desk")),
        ({"namespaces": ["shop-*", "shop"]}, ("",)),
        ({"names": ["shop/web", "shop/web", "shop/db"]}, ("shop",)),
        ({"names": ["web", "shop/web"]}, ("",)),
    ],
)
def test_a_namespace_is_listed_once(params: dict[str, Any], listed: tuple[str, ...]) -> None:
    assert selection(params).namespaces_to_list() == listed


def test_a_service_that_is_named_twice_is_missing_once() -> None:
    assert selection({"names": ["shop/web", "shop/web"]}).missing([]) == (("shop", "web"),)
