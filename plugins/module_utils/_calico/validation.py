# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a manifest is one that both Calico's validator and an API server with Calico's kinds accept.

Plain CRDs store much that Calico's data plane then ignores, and the other way round; so what is written has to satisfy both.
Rules: libcalico-go/lib/validator/v3 of Calico, its CustomResourceDefinitions of projectcalico.org/v3, the decoding of JSON by
Go, and pkg/apis/networking/validation of Kubernetes.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

from .fault import Fault, Steps, a, listed, shown
from .field_types import Anything, Choice, Fields, Flag, Items, Number, Scalar, Strings, Text, Type, Whole
from .fields import KINDS
from .object_validation import object_faults
from .syntax import complaint

# Nothing longer is the misspelling of a field.
_FIELD_LENGTH = 40


def faults(manifest: object) -> list[Fault]:
    """Everything that is wrong with the manifest; nothing, where it can be written. Takes any value and never raises."""
    if not isinstance(manifest, Mapping):
        return [Fault((), f"is {a(manifest)}, not an object")]
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    fields = KINDS.get((version, kind)) if isinstance(version, str) and isinstance(kind, str) else None
    if fields is None:
        return [Fault((), f"is {shown(version)} {shown(kind)}, which is none of {', '.join(map(' '.join, KINDS))}")]
    return [*_value_faults(fields, manifest, ()), *object_faults((str(version), str(kind)), manifest)]


def _value_faults(wanted: Type, value: object, steps: Steps) -> Iterator[Fault]:
    return _CHECKS[type(wanted)](wanted, value, steps)


def _wrong_type(value: object, wanted: str, steps: Steps) -> Fault:
    return Fault(steps, f"is {a(value)}, {wanted} is wanted")


def _fields(wanted: Fields, value: object, steps: Steps) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield _wrong_type(value, "a mapping", steps)
        return
    for key, content in value.items():
        known = wanted.known.get(key) if isinstance(key, str) else None
        if known is None:
            yield Fault((*steps, key), f"unknown field{_meant(key, wanted)}")
        elif content is not None:
            yield from _value_faults(known, content, (*steps, key))
    yield from (Fault((*steps, key), "is missing") for key in wanted.required if value.get(key) is None)


def _meant(key: object, wanted: Fields) -> str:
    if not isinstance(key, str) or len(key) > _FIELD_LENGTH:
        return ""
    spelled = {known.lower(): known for known in wanted.known}
    close = difflib.get_close_matches(key.lower(), spelled, 1)
    return f", is {spelled[close[0]]} meant?" if close else ""


def _items(wanted: Items, value: object, steps: Steps) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield _wrong_type(value, "a list", steps)
        return
    if len(value) < wanted.least:
        yield Fault(steps, "is an empty list; give an item, or leave the field out")
    if wanted.most is not None and len(value) > wanted.most:
        yield Fault(steps, f"has {len(value)} items, at most {wanted.most} are allowed")
    seen: dict[object, int] = {}
    for index, item in enumerate(value[: wanted.most]):
        if item is None:
            yield Fault((*steps, index), "is empty, an item is wanted")
            continue
        yield from _value_faults(wanted.of, item, (*steps, index))
        if wanted.distinct and isinstance(item, str) and seen.setdefault(item, index) != index:
            yield Fault((*steps, index), f"is {shown(item)} like [{seen[item]}], each may be there once")


def _strings(wanted: Strings, value: object, steps: Steps) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield _wrong_type(value, "a mapping", steps)
        return
    for key, content in value.items():
        if not isinstance(key, str):
            yield Fault(steps, f"has the key {shown(key)}, which is {a(key)}; write it in quotes")
        elif said := complaint(wanted.keys, key):
            yield Fault((*steps, key), said)
        # Go reads null as the empty string here.
        if content is not None:
            yield from _value_faults(Text(wanted.values), content, (*steps, key))
    size = sum(_bytes(text) for entry in value.items() for text in entry)
    if wanted.bytes is not None and size > wanted.bytes:
        yield Fault(steps, f"is {size} bytes long, at most {wanted.bytes} are allowed")


def _bytes(text: object) -> int:
    return len(text.encode(errors="surrogatepass")) if isinstance(text, str) else 0


def _text(wanted: Text, value: object, steps: Steps) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield _wrong_type(value, "a string", steps)
    elif wanted.longest is not None and len(value) > wanted.longest:
        yield Fault(steps, f"has {len(value)} characters, at most {wanted.longest} are allowed")
    elif wanted.syntax is not None and (value or wanted.filled) and (said := complaint(wanted.syntax, value)):
        yield Fault(steps, said)


def _scalar(wanted: Scalar, value: object, steps: Steps) -> Iterator[Fault]:
    if said := complaint(wanted.syntax, value):
        yield Fault(steps, said)


def _choice(wanted: Choice, value: object, steps: Steps) -> Iterator[Fault]:
    if not any(_is_whole(value) == isinstance(v, int) and value == v for v in wanted.values):
        yield Fault(steps, f"is {shown(value)}, not {listed(map(str, wanted.values))}")


def _whole(wanted: Whole, value: object, steps: Steps) -> Iterator[Fault]:
    if not _is_whole(value):
        yield _wrong_type(value, "a whole number", steps)
    elif not wanted.least <= value <= wanted.most:
        yield Fault(steps, f"is {shown(value)}, a number from {wanted.least} to {wanted.most} is wanted")


def _number(wanted: Number, value: object, steps: Steps) -> Iterator[Fault]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield _wrong_type(value, "a number", steps)
    elif not -sys.float_info.max <= value <= sys.float_info.max:
        yield Fault(steps, f"is {shown(value)}, a finite number is wanted")


def _flag(wanted: Flag, value: object, steps: Steps) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield _wrong_type(value, "true or false", steps)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


_CHECKS: Mapping[type, Callable[[Any, object, Steps], Iterator[Fault]]] = {
    Anything: lambda wanted, value, steps: iter(()),
    Choice: _choice,
    Fields: _fields,
    Flag: _flag,
    Items: _items,
    Number: _number,
    Scalar: _scalar,
    Strings: _strings,
    Text: _text,
    Whole: _whole,
}
