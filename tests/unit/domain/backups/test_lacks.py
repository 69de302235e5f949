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
    assert "superuser" in subscriptions
    assert "the options of the user mapping of app for the server far, the options of" in mappings
    assert "ALTER USER MAPPING" in mappings
    assert all("allow: [partial_backup]" in sentence for sentence in lacks.sentences)


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    lacks = Lacks(tuple(f"s{number}" for number in range(30)))
    assert "s29" not in lacks.sentences[0]
    assert len(lacks.names) == 30


def test_whoever_restores_such_a_backup_is_told_what_to_create_by_hand() -> None:
    assert lacks_warning(()) == ()
    assert lacks_warning(("subscription orders", "subscription prices")) == (
        "The backup lacks subscription orders, subscription prices: create it by hand afterwards, or go without.",
    )
    (warning,) = lacks_warning(tuple(f"subscription s{number}" for number in range(30)))
    assert "s9 and 20 more" in warning
