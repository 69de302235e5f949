"""Approvals: the question about a plan, what comes back, and what it is worth: an Approval or a Rejection.

Which of the two it is, ``domain/approvals/rules.py`` judges.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.words.recorded import Moment

_RECORD = ConfigDict(extra="ignore")
_SHORT = 12  # characters


@dataclass(frozen=True, config=_RECORD)
class Question:
    """What is asked in one run: may this action be done to this target, by the plan of this digest?

    ``requested_by`` is the Airflow name of who triggered the run at ``requested``, None where nobody can be named.
    """

    target: str
    action: str
    digest: str
    run: str
    requested_by: str | None
    requested: Moment
    asked: Moment
    break_glass: bool = False
    break_glass_reason: str = ""

    @property
    def act(self) -> str:
        """The action as a noun, for sentences."""
        return noun_of(self.action)

    def facts(self) -> dict[str, Any]:
        """See ``Approval.facts``."""
        facts: dict[str, Any] = _QUESTION.dump_python(self, mode="json")
        return {"for": facts.pop("action"), **facts}

    def to_json(self) -> str:
        """Read back equal by ``from_json``."""
        return _QUESTION.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Question:
        """Read a question; raises ValueError where it is none."""
        return _QUESTION.validate_json(text)


@dataclass(frozen=True)
class Answer:
    """What came back, as the server handed it over; ``by`` is (id, name), None where the server names nobody."""

    options: tuple[str, ...]
    by: tuple[str, str] | None
    answered: Moment
    typed_name: object = None
    reason: str = ""
    timed_out: bool = False


@dataclass(frozen=True, config=_RECORD)
class Approval:
    """A yes: what exactly it is for, whose it is, and until when it counts."""

    target: str
    action: str
    digest: str
    run: str
    requested_by: str | None
    requested: Moment
    answered_by: str
    answered_by_id: str
    answered: Moment
    valid_until: Moment
    reason: str = ""
    break_glass: bool = False
    break_glass_reason: str = ""
    approved: Literal[True] = True
    format: Literal[1] = 1

    def facts(self) -> dict[str, Any]:
        """All of it as values of JSON, with ``for`` instead of ``action``: an audit has an action of its own."""
        return _facts(self)

    def to_json(self) -> bytes:
        """The object's body; ``read_answer`` reads it back equal."""
        return _ANSWER.dump_json(self, indent=1)


@dataclass(frozen=True, config=_RECORD)
class Rejection:
    """A no, and why. Silence is one, and so is a yes that does not count."""

    target: str
    action: str
    digest: str
    run: str
    requested_by: str | None
    answered_by: str | None
    answered: Moment
    reason: str
    break_glass: bool = False
    approved: Literal[False] = False
    format: Literal[1] = 1

    def facts(self) -> dict[str, Any]:
        """See ``Approval.facts``."""
        return _facts(self)

    def to_json(self) -> bytes:
        """The object's body; ``read_answer`` reads it back equal."""
        return _ANSWER.dump_json(self, indent=1)


def noun_of(action: str) -> str:
    """An action in a sentence, after "the"; files and records have the word itself."""
    return _NOUNS.get(action, action)


def short_digest(digest: str) -> str:
    """As much of it as tells one plan from another in a mail; the question has it whole."""
    return digest[:_SHORT]


def read_answer(body: bytes) -> Approval | Rejection:
    """Read what was answered; raises ValueError where it is not an answer of format 1."""
    return _ANSWER.validate_json(body)


def _facts(answer: Approval | Rejection) -> dict[str, Any]:
    facts: dict[str, Any] = _ANSWER.dump_python(answer, mode="json")
    return {"for": facts.pop("action"), **facts}


_NOUNS = {"migrate": "migration"}

_QUESTION = TypeAdapter(Question)
_ANSWER: TypeAdapter[Approval | Rejection] = TypeAdapter(Approval | Rejection)
