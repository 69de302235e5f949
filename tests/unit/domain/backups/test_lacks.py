"""What a backup lacks is named, with what to do about it, and never with what is in it."""

from __future__ import annotations

from dbops.domain.backups.lacks import Lacks, lacks_warning


def test_nothing_lacking_is_nothing_said() -> None:
    assert (Lacks().names, Lacks().sentences) == ((), ())


def test_each_kind_is_one_sentence_that_names_all_and_says_what_to_do() -> None:
    lacks = Lacks(("orders", "prices"), (("app", "far"), ("public", "near")))
    assert lacks.names == (
        "subscription orders",
        "subscription prices",
        "the options of the user mapping of app for the server far",
        "the options of the user mapping of public for the server near",
    )
    subscriptions, mappings = lacks.sentences
    assert subscriptions.startswith("The backup lacks subscription orders, subscription prices: ")
    assert subscriptions.endswith(
        ": pg_dump writes subscriptions for a superuser only. Keep their CREATE SUBSCRIPTION elsewhere, to execute "
        "it by hand after a restore; let a superuser back up; or accept it with allow: [partial_backup]."
    )
    assert "the options of the user mapping of app for the server far, the options of" in mappings
    assert mappings.endswith(
        ": the role may not read them, nor whether there are any, such as a password. After a restore set them by "
        "hand, with ALTER USER MAPPING; let a superuser back up; or accept it with allow: [partial_backup]."
    )


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    lacks = Lacks(tuple(f"s{number}" for number in range(30)))
    assert "subscription s9 and 20 more: " in lacks.sentences[0]
    (mappings,) = Lacks(user_mappings=tuple((f"r{number}", "far") for number in range(30))).sentences
    assert "of r9 for the server far and 20 more: " in mappings
    assert len(lacks.names) == 30


def test_whoever_restores_such_a_backup_is_told_what_to_create_by_hand() -> None:
    assert lacks_warning(()) == ()
    assert lacks_warning(("subscription orders", "subscription prices")) == (
        "The backup lacks subscription orders, subscription prices: create it by hand afterwards, or do without it.",
    )
    (warning,) = lacks_warning(tuple(f"subscription s{number}" for number in range(30)))
    assert "s9 and 20 more" in warning
