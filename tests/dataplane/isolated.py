# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network, mounts and processes of its own for a program, which all go when it ends, and why that may not be possible."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NEEDED = ("ip", "iptables", "nft", "conntrack", "setpriv", "unshare", "sysctl")
# Where the second run may write; it goes with it too.
FOLDER = Path("/run/netguard-lab")
_MARK = "NETGUARD_LAB_IS_ISOLATED"
# The first run's end, even by SIGKILL, ends unshare, and that all processes of the second.
_UNSHARE = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
)


def missing() -> str:
    """Why the lab cannot run here, empty where it can."""
    if os.geteuid() != 0:
        return "it needs root"
    absent = [program for program in NEEDED if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    # What the kernel lacks shows only when it is asked for.
    tried = subprocess.run([*_UNSHARE, "sh", "-ec", _PROBE], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"the kernel or the sandbox does not allow it: {tried.stderr.strip()}"


_PROBE = """
mount -t tmpfs probe /run
ip netns add probe
ip netns exec probe true
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
ip link add probe0 type veth peer name probe1
ip link add probe2 type bridge
iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE
iptables -t nat -A PREROUTING -m statistic --mode random --probability 0.5 -m recent --name probe --set -j MARK --set-mark 1
iptables -A FORWARD -m conntrack --ctstate NEW -m addrtype --dst-type LOCAL -m comment --comment probe -j REJECT
nft 'add table ip probe; add set ip probe s { typeof ip dscp . ip saddr; flags dynamic; size 64; }'
nft 'add chain ip probe f { type filter hook forward priority -1; }'
nft 'add rule ip probe f ct state new iifname "cali*" add @s { ip dscp . ip saddr }'
nft 'add chain ip probe n { type nat hook postrouting priority 100; }'
nft 'add rule ip probe n fib daddr type local numgen random mod 2 0 masquerade fully-random'
nft -j -n list table ip probe
conntrack -L
"""


def end_with_parent() -> None:
    """Has the kernel end this process, by SIGKILL, when the one that started it has ended."""
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def run(arguments: Sequence[str]) -> int:
    """Runs the program once more, isolated; returns its exit status."""
    environment = {**os.environ, _MARK: "1"}
    return subprocess.run([*_UNSHARE, sys.executable, *arguments], env=environment, check=False).returncode


def is_isolated() -> bool:
    """Whether this is that second run; then /run, with the names of network namespaces in it, is made private too."""
    if os.environ.get(_MARK) != "1":
        return False
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "netguard-lab", "/run"], check=True)
    Path("/run/netns").mkdir()
    FOLDER.mkdir(mode=0o700)
    return True
