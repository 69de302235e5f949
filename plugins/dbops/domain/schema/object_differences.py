"""What is said of one object of a schema that is missing, extra or defined otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbops.domain.schema import repairs
from dbops.domain.schema.baseline import DISABLED, INVALID, Column, Signature
from dbops.domain.sql.object_names import written
from dbops.domain.words.quantities import format_count
from dbops.domain.words.severity import Severity

_NOT_VALID = " NOT VALID"


@dataclass(frozen=True)
class Difference:
    """``kind`` is one of ``schema_kinds.KINDS``, or one of ``drift``'s own; ``subject`` is as people write it.

    ``sql`` would put it right, where that is safe to say. ``severity`` replaces the usual one of the kind.
    """

    kind: str
    subject: str
    sentence: str
    sql: str = ""
    severity: Severity | None = None


def first_told(differences: Sequence[Difference], shown: int) -> str:
    """The first so many in their sentences, and how many others there are, without a full stop."""
    told = [one.sentence for one in differences[:shown]]
    left = len(differences) - shown
    return "; ".join([*told, f"and {left} more"] if left > 0 else told)


@dataclass(frozen=True)
class Changed:
    """One object as the baseline wants it and as it was found; one of the two may be None, never both.

    ``partitioned`` says that its table is. An index may be ``recommended``. ``lost_keys`` is how many foreign keys of
    other tables are gone with a table.
    """

    wanted: Signature | None
    found: Signature | None
    partitioned: bool = False
    recommended: bool = False
    lost_keys: int = 0

    @property
    def one(self) -> Signature:
        """The object, whichever side has it."""
        signature = self.wanted or self.found
        assert signature is not None  # noqa: S101 - the contract of this class
        return signature

    @property
    def subject(self) -> str:
        """The object as people write it."""
        one = self.one
        return written(*one.of_table, one.name) if one.name else written(*one.of_table)

    @property
    def unknown(self) -> str:
        """What is added to a sentence on something broken that is extra, too."""
        return "" if self.wanted or self.recommended else "; the baseline does not know it either"


def told(changed: Changed) -> Iterator[Difference]:
    """The differences of one object: none where it is not worth a word."""
    yield from _TOLD[changed.one.kind](changed)


def under_another_name(wanted: Signature, found: Signature) -> Difference:
    """The difference of a constraint or an index that is only called otherwise."""
    subject = written(*wanted.of_table, wanted.name)
    sentence = f"the {wanted.kind} {subject} is called {found.name} now, and is otherwise the same"
    if wanted.kind == "index":
        sql = repairs.index_renamed(wanted.schema, found.name, wanted.name)
    else:
        sql = repairs.constraint_renamed(wanted.of_table, found.name, wanted.name)
    return Difference(f"renamed_{wanted.kind}", subject, sentence, sql)


def _table(changed: Changed) -> Iterator[Difference]:
    subject, wanted, found = changed.subject, changed.wanted, changed.found
    if found is None:
        keys = changed.lost_keys
        with_it = f", and with it {format_count(keys, 'foreign key')} that referred to it" if keys else ""
        what = _what(changed.one)
        back = "a backup has its rows" if what.endswith("table") else "a migration has to make it again"
        yield Difference("missing_table", subject, f"the {what} {subject} is missing{with_it}; {back}")
    elif wanted is None:
        yield Difference("extra_table", subject, f"the {_what(found)} {subject} is not in the baseline")
    else:
        how = f"is {_a(found)} and should be {_a(wanted)}"
        if _what(found) == _what(wanted):
            how = "is partitioned otherwise" if "partitioned" in _what(found) else "has another query"
        yield Difference("changed_table", subject, f"{subject} {how}")


def _a(table: Signature) -> str:
    what = _what(table)
    return f"an {what}" if what.startswith("unlogged") else f"a {what}"


def _what(table: Signature) -> str:
    return str(table.definition).partition("\n")[0].removesuffix(" AS").partition(" BY ")[0]


def _column(changed: Changed) -> Iterator[Difference]:
    subject, one = changed.subject, changed.one
    if changed.found is None:
        yield Difference("missing_column", subject, f"the column {subject} is missing; a backup has its values")
        return
    now = Column.of(str(changed.found.definition))
    if changed.wanted is None:
        yield Difference("extra_column", subject, f"the column {subject} ({now.type}) is not in the baseline")
        return
    then = Column.of(str(changed.wanted.definition))
    if now.type != then.type:
        sentence = f"the column {subject} is {now.type}, and should be {then.type}"
        if now.sorted_type[0] == then.sorted_type[0]:
            sentence = f"the column {subject} has {_sorted(now)}, and should have {_sorted(then)}"
        yield Difference("changed_type", subject, sentence)
    if now.nullable != then.nullable:
        sentence = f"the column {subject} takes NULL, and must not"
        if then.nullable:
            sentence = f"the column {subject} refuses NULL, and should take it"
        sql = repairs.nullability_set(one.of_table, one.name, then)
        yield Difference("changed_nullability", subject, sentence, sql)
    if (now.default, now.generated) != (then.default, then.generated):
        sentence = f"the column {subject} has {_filled(now)}, and should have {_filled(then)}"
        yield Difference("changed_default", subject, sentence, repairs.default_set(one.of_table, one.name, then, now))


def _sorted(column: Column) -> str:
    collation = column.sorted_type[1]
    return f"the collation {collation}" if collation else "no collation of its own"


def _filled(column: Column) -> str:
    if column.generated is not None:
        return f"values {column.generated}"
    return "no default" if column.default is None else f"the default {column.default}"


def _constraint(changed: Changed) -> Iterator[Difference]:
    subject, one, wanted = changed.subject, changed.one, changed.wanted
    if changed.found is None:
        sql = repairs.constraint_made(one.of_table, one.name, str(one.definition), partitioned=changed.partitioned)
        yield Difference("missing_constraint", subject, f"the constraint {subject} is missing", sql)
        return
    now = str(changed.found.definition)
    plain = now.removesuffix(DISABLED).removesuffix(_NOT_VALID)
    if wanted is not None and plain != str(wanted.definition).removesuffix(_NOT_VALID):
        sentence = f"the constraint {subject} says {now}, and should say {wanted.definition}"
        yield Difference("changed_constraint", subject, sentence)
    elif now.endswith(DISABLED):
        sentence = f"the triggers of the foreign key {subject} are disabled, so it guards nothing{changed.unknown}"
        sql = repairs.foreign_key_enabled(one.of_table, plain)
        yield Difference("disabled_trigger", subject, sentence, sql)
    elif now.endswith(_NOT_VALID):
        sentence = f"the constraint {subject} is NOT VALID: older rows may break it{changed.unknown}"
        yield Difference(
            "not_valid_constraint", subject, sentence, repairs.constraint_validated(one.of_table, one.name)
        )
    elif wanted is None:
        yield Difference("extra_constraint", subject, f"the constraint {subject} is not in the baseline: {now}")


def _index(changed: Changed) -> Iterator[Difference]:
    subject, one, wanted, found = changed.subject, changed.one, changed.wanted, changed.found
    if found is None:
        sql = repairs.index_made(str(one.definition), partitioned=changed.partitioned)
        yield Difference("missing_index", subject, f"the index {subject} is missing", sql)
    elif str(found.definition).endswith(INVALID):
        mend = repairs.index_dropped if changed.unknown else repairs.index_rebuilt
        sentence = f"the index {subject} is INVALID: its build failed, so no query uses it{changed.unknown}"
        yield Difference("invalid_index", subject, sentence, mend(one.schema, one.name))
    elif wanted is not None:
        sentence = f"the index {subject} is {found.definition}, and should be {wanted.definition}"
        yield Difference("changed_index", subject, sentence)
    elif not changed.recommended:
        yield Difference("extra_index", subject, f"the index {subject} is not in the baseline")


def _trigger(changed: Changed) -> Iterator[Difference]:
    subject, one, wanted, found = changed.subject, changed.one, changed.wanted, changed.found
    if found is None:
        sql = repairs.trigger_made(str(one.definition))
        yield Difference("missing_trigger", subject, f"the trigger {subject} is missing", sql)
    elif wanted is None:
        yield Difference("extra_trigger", subject, f"the trigger {subject} is not in the baseline")
    elif found.definition == f"{wanted.definition}{DISABLED}":
        sql = repairs.trigger_enabled(one.of_table, one.name)
        yield Difference("disabled_trigger", subject, f"the trigger {subject} is disabled", sql)
    else:
        sentence = f"the trigger {subject} is {found.definition}, and should be {wanted.definition}"
        yield Difference("changed_trigger", subject, sentence)


def _enum(changed: Changed) -> Iterator[Difference]:
    subject, enum, wanted, found = changed.subject, changed.one.of_table, changed.wanted, changed.found
    if found is None:
        sql = repairs.enum_made(enum, changed.one.definition)
        yield Difference("missing_enum", subject, f"the enum {subject} is missing", sql)
        return
    if wanted is None:
        yield Difference("extra_enum", subject, f"the enum {subject} is not in the baseline")
        return
    lost = [label for label in wanted.definition if label not in found.definition]
    extra = [label for label in found.definition if label not in wanted.definition]
    for label in lost:
        sql = repairs.label_added(enum, label, wanted.definition, found.definition)
        yield Difference("missing_enum_label", written(*enum, label), f"the enum {subject} lacks {label}", sql)
    for label in extra:
        sentence = f"the enum {subject} has {label}, which the baseline does not know"
        yield Difference("extra_enum_label", written(*enum, label), sentence)
    if not lost and not extra:
        yield Difference("changed_enum", subject, f"the labels of the enum {subject} stand in another order")


_TOLD = {
    "table": _table,
    "column": _column,
    "constraint": _constraint,
    "index": _index,
    "trigger": _trigger,
    "enum": _enum,
}
