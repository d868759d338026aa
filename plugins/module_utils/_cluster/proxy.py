# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy the environment names, and what is secret in the URL of a proxy."""

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


def proxy_of_environment(server: str) -> tuple[str | None, str | None]:
    """The proxy for this server that HTTPS_PROXY and its like name, and NO_PROXY's list of hosts."""
    from urllib.request import getproxies

    named = getproxies()
    return named.get(server.partition("://")[0]) or named.get("all"), named.get("no")
