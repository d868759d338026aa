# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is secret in the URL of a proxy."""

from __future__ import annotations

from urllib.parse import unquote


def proxy_secrets(url: str) -> tuple[str, ...]:
    """The password in a proxy's URL, as it is written there and as it is meant; nothing where there is none.

    It ends at the last @, so that one whose own / or @ was not encoded is found whole: such a URL is refused later, and
    the refusal must not show it either.
    """
    user = url.partition("://")[2] or url
    password = user.rpartition("@")[0].partition(":")[2]
    return tuple(dict.fromkeys((password, unquote(password)))) if password else ()
