"""Read by every process of this stack's Airflow: the scheduler imports once what most of its tasks would import anew.

Tasks are forks of it. That each of them finds its modules by itself as well is what tests/airflow shows.
"""

from __future__ import annotations

import importlib
import sys

_BY_EVERY_TASK = (
    "airflow.providers.amazon.aws.hooks.base_aws",
    "airflow.providers.standard.operators.hitl",
    "airflow.sdk.execution_time.task_runner",
    "boto3.s3.transfer",
    "dbops.gateways.alerting.alert_mail",
    "dbops.gateways.alerting.mailbox",
    "dbops.gateways.s3.bucket",
    "dbops.jobs.backups.back_up",
    "dbops.jobs.restores.restore",
    "dbops.jobs.restores.verify_restore",
    "dbops_airflow.approval",
    "dbops_airflow.operators",
    "dbops_airflow.restore_operators",
)

if sys.argv[1:2] == ["scheduler"]:
    for name in _BY_EVERY_TASK:
        importlib.import_module(name)
