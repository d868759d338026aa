# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts the text of a selector into tokens, as Calico's tokenizer does.

Rules: libcalico-go/lib/selector/tokenizer of Calico. White space is blanks and tabs only; a string ends at the next quote of
its kind, without escapes; words such as ``in`` are operators only after a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import InvalidInput

LABEL_LENGTH = 512
# Longer than any that an API server stores, and short enough to be refused or read at once.
SELECTOR_LENGTH = 65_536

_LABEL = re.compile(r"[a-zA-Z0-9_./-]+")
_FUNCTION = re.compile(r"(has|all|global)\(")
_OPERATOR = re.compile(r"contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in")
_SYMBOLS = ("==", "!=", "&&", "||", "!", "(", ")", "{", "}", ",")
_SPELLED = {"starts": "starts with", "ends": "ends with", "not": "not in"}


class InvalidSelector(InvalidInput):
    """A selector that Calico cannot read; the message says at which character, and what was expected there."""

    code = "invalid_selector"


@dataclass(frozen=True)
class Token:
    """One token. ``kind`` is string, label, has, all, global, end, or the operator or symbol itself; ``at`` is its place."""

    kind: str
    value: str
    at: int


def wrong(at: int, expected: str, text: str) -> InvalidSelector:
    """The error for a selector that has something else than ``expected`` at character ``at``, counted from 0."""
    found = f"found {text[at : at + 12]!r}" if at < len(text) else "it ends there"
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    return InvalidSelector(f"{shown!r} is not a selector: at character {at + 1} {expected} was expected, {found}")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text``, the last one of kind end. Raises InvalidSelector where there is none."""
    if len(text) > SELECTOR_LENGTH:
        raise InvalidSelector(f"a selector of {len(text)} characters is too long, at most {SELECTOR_LENGTH} are read")
    at, after_label = 0, False
    while (at := _skipped(text, at)) < len(text):
        token, at = _next(text, at, after_label)
        after_label = token.kind == "label"
        yield token
    yield Token("end", "", len(text))


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _next(text: str, at: int, after_label: bool) -> tuple[Token, int]:
    if text[at] in "\"'":
        end = text.find(text[at], at + 1)
        if end < 0:
            raise wrong(len(text), f"a closing {text[at]}", text)
        return Token("string", text[at + 1 : end], at), end + 1
    for symbol in _SYMBOLS:
        if text.startswith(symbol, at):
            return Token(symbol, "", at), at + len(symbol)
    if text[at] in "=&|":
        raise wrong(at, text[at] * 2, text)
    return _operator(text, at) if after_label else _word(text, at)


def _operator(text: str, at: int) -> tuple[Token, int]:
    found = _OPERATOR.match(text, at)
    if found is None:
        raise wrong(at, "an operator (==, !=, in, not in, contains, starts with, ends with)", text)
    word = found.group()
    spelled = next((full for start, full in _SPELLED.items() if word.startswith(start)), word)
    return Token(spelled, "", at), found.end()


def _word(text: str, at: int) -> tuple[Token, int]:
    function = _FUNCTION.match(text, at)
    if function is None:
        name, end = _label(text, at, "a label, has(), all(), global(), ! or (")
        return Token("label", name, at), end
    inside, name = _skipped(text, function.end()), ""
    if function.group(1) == "has":
        name, end = _label(text, inside, "a label")
        inside = _skipped(text, end)
    if not text.startswith(")", inside):
        raise wrong(inside, ")", text)
    return Token(function.group(1), name, at), inside + 1


def _label(text: str, at: int, expected: str) -> tuple[str, int]:
    found = _LABEL.match(text, at)
    if found is None:
        raise wrong(at, expected, text)
    if len(found.group()) > LABEL_LENGTH:
        raise wrong(at, f"a label of at most {LABEL_LENGTH} characters", text)
    return found.group(), found.end()
