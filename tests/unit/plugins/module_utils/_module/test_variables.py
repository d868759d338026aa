# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that surveys and -e give as strings."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._module.variables import typed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("shop", ["shop"]),
        ("shop-*, desk", ["shop-*", "desk"]),
        ("shop\ndesk\n", ["shop", "desk"]),
        ('["shop-*", "desk"]', ["shop-*", "desk"]),
        ("[shop, 7]", ["shop", "7"]),
        ("- shop\n- desk", ["shop", "desk"]),
        (["shop", 7], ["shop", "7"]),
        # A glob may begin with a bracket; what is a list as a whole is one.
        ("[a-c]-*", ["[a-c]-*"]),
        ("[a-c]*", ["[a-c]*"]),
        ("[ab][cd]", ["[ab][cd]"]),
        ("[a-c]-*, shop-[0-9]", ["[a-c]-*", "shop-[0-9]"]),
        ("[a-c]-*\nshop", ["[a-c]-*", "shop"]),
        ("shop, [a-c]-*", ["shop", "[a-c]-*"]),
        ("[a-c]", ["a-c"]),
        ('["[a-c]"]', ["[a-c]"]),
        ('["[a-c]-*", "shop"]', ["[a-c]-*", "shop"]),
    ],
)
def test_strings(value: Any, expected: list[str]) -> None:
    assert typed(value, "strings", "v") == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[s3cret, desk", "v is neither a list nor globs with closed brackets"),
        ("[s3cret,b]-*", "v is neither a list nor globs with closed brackets"),
        ("[[s3cret]-*, desk]", "v is neither a list nor globs with closed brackets"),
        ("[s3cret]]-*", "v is neither a list nor globs with closed brackets"),
        ("[[s3cret], desk]", "v is not a list of strings"),
        ("[{a: s3cret}]", "v is not a list of strings"),
        ("[true]", "v is not a list of strings"),
        ("-s3cret", "v is not a list"),
        ({"a": "s3cret"}, "v is not a list"),
    ],
)
def test_what_is_no_list_of_strings_is_refused_and_not_shown(value: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as raised:
        typed(value, "strings", "v")
    assert "s3cret" not in raised.value.message
