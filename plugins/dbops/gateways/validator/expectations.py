"""Our own expectations, registered with Great Expectations, and the two metrics that they stand on.

What each asks was compiled before (``domain/checks/rule_sql.py``) and comes in its ``meta``; what it is bound to judge
is one number, so its result holds no row's value. Importing this module imports Great Expectations.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.expectations.registry import get_metric_kwargs
from great_expectations.render.components import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.validator.metric_configuration import MetricConfiguration

from dbops.domain.checks.rule_sql import RuleQuery

_IN_SCAN, _STATEMENT = "dbops.in_scan", "dbops.statement"
_OBSERVED = "observed"
META = "dbops"
"""The key of an expectation's ``meta`` under which a rule's id and query travel."""


class InScan(TableMetricProvider):
    """An expression over all rows; Great Expectations computes those of a table in one scan."""

    metric_name = _IN_SCAN
    value_keys = ("sql",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805 - they are called as class methods
        execution_engine: Any,  # noqa: ARG002 - the signature is theirs
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> Any:
        # A literal column, for a text would take ":word" in a rule for a parameter.
        return sa.literal_column(metric_value_kwargs["sql"]), metric_domain_kwargs, {}


class Statement(TableMetricProvider):
    """One number that takes a statement of its own."""

    metric_name = _STATEMENT
    value_keys = ("sql",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],  # noqa: ARG002
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> Any:
        with execution_engine.engine.connect() as connection:
            return connection.exec_driver_sql(metric_value_kwargs["sql"].replace("%", "%%")).scalar()


class _Own(BatchExpectation):
    """An expectation whose query travels in its ``meta``."""

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    @property
    def _rule_query(self) -> RuleQuery:
        return RuleQuery(**(self.meta or {})[META]["rule_query"])

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None
    ) -> Any:
        dependencies = super().get_validation_dependencies(execution_engine, runtime_configuration)
        query = self._rule_query
        metric = _IN_SCAN if query.in_scan else _STATEMENT
        # The domain of Great Expectations' own metrics of a table, so that these can share a scan with ours.
        asked = get_metric_kwargs(metric, self.configuration, runtime_configuration)
        dependencies.set_metric_configuration(
            metric_name=_OBSERVED,
            metric_configuration=MetricConfiguration(
                metric_name=metric,
                metric_domain_kwargs=asked["metric_domain_kwargs"],
                metric_value_kwargs={"sql": query.sql},
            ),
        )
        return dependencies

    def metrics_validate(
        self, metrics: Any, runtime_configuration: dict[str, Any] | None = None, execution_engine: Any = None, **_: Any
    ) -> Any:
        # BOOLEAN_ONLY, which keeps others from fetching rows, would take our number away.
        asked = {**(runtime_configuration or {}), "result_format": {"result_format": "BASIC"}}
        return super().metrics_validate(metrics, asked, execution_engine)

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,  # noqa: ARG003 - the signature is theirs
        runtime_configuration: Any = None,  # noqa: ARG003
    ) -> list[RenderedStringTemplateContent]:
        """What the data docs say of the rule: its description, and the kwargs in any case."""
        kwargs = ", ".join(f"{name.rstrip('_')}: {value}" for name, value in configuration.kwargs.items())
        words = configuration.type.removeprefix("expect_").replace("_", " ")
        said = f"{configuration.meta.get('description') or words} ({kwargs})"
        template = {"template": "$said", "params": {"said": said}}
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=template)]

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is theirs
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        number = metrics[_OBSERVED]
        return {"success": self._rule_query.holds(number), "result": {"observed_value": number}}


class ExpectRowsToSatisfy(_Own):
    """Expect every row to satisfy an SQL condition; NULL does not."""

    condition: str


class ExpectJsonbToHaveShape(_Own):
    """Expect a jsonb column to hold an object, or an array of objects, with the keys and types required."""

    column: str
    is_: str
    required: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    nullable: bool = False


class ExpectNewestRowWithin(_Own):
    """Expect the newest row to be no older than this."""

    column: str
    max_age: str


class ExpectRowCountToBeAtLeast(_Own):
    """Expect the table to have so many rows."""

    min_value: int


class ExpectRowsToBeUnique(_Own):
    """Expect no two rows to have the same values in these columns."""

    columns: list[str]
    where: str | None = None


class ExpectRowsToHaveParent(_Own):
    """Expect what these columns hold to be found in the parent."""

    columns: list[str]
    parent: str
    parent_columns: list[str]


class ExpectQueryToReturnNoRows(_Own):
    """Expect a query that returns the rows which break a rule to return none."""

    file: str
