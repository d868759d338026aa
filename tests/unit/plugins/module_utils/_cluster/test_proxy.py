# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password in a proxy's URL, however it is written."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._cluster.proxy import proxy_secrets


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("http://proxy.example.org:3128", ()),
        ("http://user@proxy.example.org:3128", ()),
        ("http://user:@proxy.example.org:3128", ()),
        ("proxy.example.org:3128", ()),
        ("", ()),
        ("http://user:s3cret@proxy.example.org:3128", ("s3cret",)),
        ("user:s3cret@proxy.example.org:3128", ("s3cret",)),
        ("socks5h://:s3cret@proxy.example.org", ("s3cret",)),
        ("http://user@example.org:s3cret@proxy.example.org", ("s3cret",)),
        ("http://user:s3%40cret@proxy.example.org", ("s3%40cret", "s3@cret")),
        ("http://user:s3/c@ret@proxy.example.org:x", ("s3/c@ret",)),
    ],
)
def test_the_password_is_found(url: str, secrets: tuple[str, ...]) -> None:
    assert proxy_secrets(url) == secrets
