"""Batch: a table or a query as Great Expectations sees it, over the validation's own engine."""

from __future__ import annotations

from typing import Any

from great_expectations.core import batch
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.validator.validator import Validator
from sqlalchemy.sql import quoted_name

from dbops.domain.sql.object_names import TableName
from dbops.gateways.validator.server import Server


class Batch:
    """What expectations are evaluated on."""

    def __init__(self, server: Server, context: Any, **what: Any) -> None:
        self._server = server
        # Great Expectations' data sources would keep the URL with its password, and make an engine of their own.
        engine = SqlAlchemyExecutionEngine(engine=server.engine, create_temp_table=False)
        # It closes all connections of ours when it is collected, and there is one for each table.
        engine.close = _leave_open  # type: ignore[method-assign]
        data = SqlAlchemyBatchData(execution_engine=engine, create_temp_table=False, **what)
        one = batch.Batch(data=data)  # type: ignore[arg-type]
        self._validator = Validator(execution_engine=engine, batches=[one], data_context=context)

    @classmethod
    def of_table(cls, server: Server, context: Any, table: TableName) -> Batch:
        """A table, by its quoted name in its schema."""
        schema, name = (quoted_name(part, quote=True) for part in table)
        return cls(server, context, schema_name=schema, table_name=name)

    @classmethod
    def of_query(cls, server: Server, context: Any, query: str) -> Batch:
        """What a query returns. Great Expectations reads all of it to learn its columns: only for what is small."""
        return cls(server, context, query=query)

    def validate(self, configurations: list[Any], result_format: dict[str, Any]) -> list[Any]:
        """Great Expectations' results, in any order; raises DatabaseError where the connection was lost."""
        found = self._validator.graph_validate(
            configurations, runtime_configuration={"result_format": result_format, "catch_exceptions": True}
        )
        self._server.require_connection()
        return list(found)


def _leave_open() -> None:
    """The Server closes its connections when the validation is over."""
