# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own checks: JMESPath expressions over what was found out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.errors import InvalidInput, NetguardError
from .._report.facts import CheckFact


class LibraryMissing(NetguardError):
    """The library jmespath is not there."""

    code = "library_missing"


@dataclass(frozen=True)
class Check:
    """One check, parsed."""

    id: str
    query: str
    message: str
    expression: Any


def parsed_checks(given: Sequence[Mapping[str, Any]]) -> tuple[Check, ...]:
    """Parses all of them. Raises InvalidInput that lists every one that does not parse, and ids given twice."""
    faults = [fault for position, check in enumerate(given) for fault in _shape_faults(position, check)]
    if faults:
        raise InvalidInput("; ".join(faults), "Each check has an id, a query and, if you like, a message.")
    checks: list[Check] = []
    for check in given:
        try:
            expression = parsed(check["query"], f"checks {check['id']}")
            checks.append(Check(check["id"], check["query"], check.get("message") or "", expression))
        except InvalidInput as error:
            faults.append(error.message)
    ids = [check["id"] for check in given]
    faults += [f"The check {i} is given {ids.count(i)} times" for i in sorted({i for i in ids if ids.count(i) > 1})]
    if faults:
        raise InvalidInput("; ".join(faults))
    return tuple(checks)


def _shape_faults(position: int, check: Mapping[str, Any]) -> Iterator[str]:
    where = f"checks[{position}]"
    for key in ("id", "query"):
        if not isinstance(check.get(key), str) or not check[key]:
            yield f"{where} has no {key}"
    if not isinstance(check.get("message", ""), (str, type(None))):
        yield f"{where}.message is not text"
    yield from (f"{where} has the unknown key {key}" for key in sorted(set(check) - {"id", "query", "message"}))


def parsed(query: str, where: str) -> Any:
    """A compiled JMESPath expression. Raises InvalidInput that names ``where`` it was given."""
    try:
        import jmespath
        from jmespath.exceptions import JMESPathError
    except ImportError as error:
        raise LibraryMissing("The Python library jmespath is not installed", "pip install 'jmespath>=1.0'.") from error
    try:
        return jmespath.compile(query)
    except JMESPathError as error:
        raise InvalidInput(
            f"{where}: {query!r} is not JMESPath: {_first_line(error)}", "See https://jmespath.org/specification.html."
        ) from error


def answered(expression: Any, facts: Mapping[str, Any], where: str) -> Any:
    """What the expression gives over the facts. Raises InvalidInput where it fails on them."""
    from jmespath.exceptions import JMESPathError

    try:
        return expression.search(facts)
    except JMESPathError as error:
        raise InvalidInput(f"{where} fails: {_first_line(error)}", "Correct the expression.") from error


def check_facts(checks: Sequence[Check], facts: Mapping[str, Any]) -> tuple[CheckFact, ...]:
    """The outcome of each check; one that fails on the facts has not passed, and says why."""
    return tuple(_check_fact(check, facts) for check in checks)


def _check_fact(check: Check, facts: Mapping[str, Any]) -> CheckFact:
    try:
        value = answered(check.expression, facts, check.id)
    except InvalidInput as error:
        return CheckFact(check.id, check.query, f"{check.message} ({error.message})".strip(), False, None)
    return CheckFact(check.id, check.query, check.message, value is True, value)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(": ")
