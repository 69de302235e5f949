"""Made-up schemas for unit tests: a small shop, and any at all."""

from __future__ import annotations

from hypothesis import strategies as st

from dbops.domain.schema.baseline import SchemaBaseline, Table

USER, ORDER, PROGRESS = ("public", "User"), ("public", "order"), ("public", "Progress")
SHOP = SchemaBaseline(
    {
        USER: Table(
            columns={
                "id": "text NOT NULL",
                "plan": 'public."Plan" NOT NULL DEFAULT \'FREE\'::public."Plan"',
                "progress": "text",
            },
            constraints={
                "User_pkey": "PRIMARY KEY (id)",
                "User_progress_fkey": 'FOREIGN KEY (progress) REFERENCES public."Progress"(id)',
            },
            indexes={"User_plan_idx": 'CREATE INDEX "User_plan_idx" ON public."User" USING btree (plan)'},
            triggers={"touch": 'CREATE TRIGGER touch BEFORE UPDATE ON public."User" FOR EACH ROW EXECUTE FUNCTION f()'},
        ),
        ORDER: Table(
            columns={"id": "integer NOT NULL GENERATED ALWAYS AS IDENTITY", "user": "text NOT NULL"},
            constraints={
                "order_pkey": "PRIMARY KEY (id)",
                "order_user_fkey": 'FOREIGN KEY ("user") REFERENCES public."User"(id) ON DELETE CASCADE',
            },
        ),
        PROGRESS: Table(
            columns={"id": "text NOT NULL", "steps": 'public."Step"[]'},
            constraints={"Progress_pkey": "PRIMARY KEY (id)"},
        ),
    },
    {("public", "Plan"): ("FREE", "PRO", "TEAM"), ("public", "Step"): ("first", "last")},
)

_NAMES = st.text("abAB _.\"'é\n", min_size=1, max_size=3)
_DEFINITIONS = st.text("ab \"':#\n", min_size=1, max_size=6).map(lambda text: f"D {text}.")
_COLUMNS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["integer", 'public."Plan"', "timestamp(3) without time zone", 'x."NOT NULL"']),
    st.sampled_from(["", " NOT NULL"]),
    st.sampled_from(["", " DEFAULT 0", " DEFAULT ': #'::text", " GENERATED ALWAYS AS IDENTITY"]),
)
_TABLES = st.builds(
    Table,
    definition=st.sampled_from(["table", "unlogged table", "partitioned table BY RANGE (a)", "view AS\nSELECT 1 AS a"]),
    columns=st.dictionaries(_NAMES, _COLUMNS, max_size=2),
    constraints=st.dictionaries(_NAMES, _DEFINITIONS, max_size=2),
    indexes=st.dictionaries(_NAMES, _DEFINITIONS, max_size=2),
    triggers=st.dictionaries(_NAMES, _DEFINITIONS, max_size=2),
)
_TABLE_NAMES = st.tuples(st.sampled_from(["public", "a.b"]), _NAMES)
SCHEMAS = st.builds(
    SchemaBaseline,
    tables=st.dictionaries(_TABLE_NAMES, _TABLES, max_size=2),
    enums=st.dictionaries(
        _TABLE_NAMES, st.lists(st.sampled_from(["yes", "1", "a, b", "", "é"]), unique=True).map(tuple), max_size=2
    ),
)
