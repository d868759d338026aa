# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in one network namespace of the lab and does what it is told: a JSON object a line in, and one out.

``serve`` answers TCP and UDP with the name given and the source that was seen, ``connect`` asks such servers, ``flush`` lets
the kernel forget connections, ``sightings`` says what the node's chains have seen since ``forget``, ``get`` asks over HTTP.
Standard library only.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Any

Task = dict[str, Any]
# A port that was used before may still be known to a kernel on the way, and then the connection is not a new one to policy.
# These are below those that the kernel chooses for others, and below those of nodes.
_PORTS = count(11_000)
# Closes with a reset, so that nobody on the way keeps the connection in TIME-WAIT.
_RESETS = struct.pack("ii", 1, 0)


def main() -> None:
    tasks: dict[str, Callable[..., Any]] = {
        "serve": serve,
        "connect": connect,
        "flush": flush,
        "forget": forget,
        "sightings": sightings,
        "get": get,
    }
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(tasks[task.pop("do")](**task)), flush=True)


def serve(name: str, port: int) -> bool:
    """Answers on a port of every address, from now on."""
    stream = socket.create_server(("", port), backlog=128)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", port))
    threading.Thread(target=_accept, args=(stream, name), daemon=True).start()
    threading.Thread(target=_answer, args=(datagrams, name), daemon=True).start()
    return True


def _accept(stream: socket.socket, name: str) -> None:
    while True:
        connection, source = stream.accept()
        with connection:
            connection.sendall(json.dumps([name, source[0]]).encode())


def _answer(datagrams: socket.socket, name: str) -> None:
    while True:
        _content, source = datagrams.recvfrom(64)
        datagrams.sendto(json.dumps([name, source[0]]).encode(), source)


def connect(connections: Sequence[Task]) -> list[Any]:
    """Makes all of them at once; for each one who answered and the source that it saw, or ``no answer``, or ``refused``."""
    with ThreadPoolExecutor(len(connections)) as pool:
        return list(pool.map(lambda one: _connect(**one), connections))


def _connect(protocol: str, address: str, port: int, patience: float, tag: int) -> Any:
    kind = socket.SOCK_STREAM if protocol == "TCP" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as asking:
        asking.settimeout(patience)
        # The six bits of DSCP stay as they are on the whole way, whatever is translated.
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tag << 2)
        if protocol == "TCP":
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESETS)
        asking.bind(("", next(_PORTS)))
        try:
            asking.connect((address, port))
            if protocol == "UDP":
                # Not permitted is what a process on the node itself gets for a drop and for a reject; only the latter refuses.
                with suppress(PermissionError):
                    asking.send(b"?")
            return json.loads(asking.recv(256))
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "no answer"
        except OSError as error:
            return f"{type(error).__name__}: {error}"


def flush() -> bool:
    """Lets the kernel forget all connections of UDP, not those of TCP, whose servers may still know them."""
    # It fails where there are none.
    subprocess.run(["conntrack", "-D", "-p", "udp"], check=False, capture_output=True)
    return True


def forget(table: str, sets: Sequence[str]) -> bool:
    """Empties sets of a table."""
    _nft("; ".join(f"flush set ip {table} {name}" for name in sets))
    return True


def sightings(table: str) -> list[tuple[str, int, str]]:
    """What the sets of a table have: the set, a connection's tag, and an address."""
    items = json.loads(_nft(f"list table ip {table}"))["nftables"]
    sets = [item["set"] for item in items if "set" in item]
    return [(found["name"], *element["concat"]) for found in sets for element in found.get("elem", ())]


def _nft(command: str) -> str:
    # Numeric, since some values of DSCP have names.
    return subprocess.run(["nft", "-j", "-n", command], check=True, capture_output=True, text=True).stdout


def get(address: str, port: int, path: str) -> tuple[int, str]:
    """Status and text of an answer over HTTP, 0 where there is none."""
    connection = http.client.HTTPConnection(address, port, timeout=3)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
