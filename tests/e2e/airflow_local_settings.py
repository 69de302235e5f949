"""Read by every process of this stack's Airflow: the scheduler imports once what most of its tasks would import anew.

Tasks are forks of it. That each of them finds its modules by itself as well is what tests/airflow shows.
"""

from __future__ import annotations

import gc
import importlib
import sys
from functools import cache

_BY_EVERY_TASK = (
    "airflow.providers.amazon.aws.hooks.base_aws",
    "airflow.providers.standard.operators.hitl",
    "airflow.sdk.execution_time.task_runner",
    "boto3.s3.transfer",
    "dbops.gateways.alerting.alert_mail",
    "dbops.gateways.alerting.mailbox",
    "dbops.gateways.s3.bucket",
    "dbops.jobs.backups.back_up",
    "dbops.jobs.restores.analyze_restore",
    "dbops.jobs.restores.restore",
    "dbops.jobs.restores.verify_restore",
    "dbops_airflow.approval",
    "dbops_airflow.backup_operators",
    "dbops_airflow.restore_operators",
    "dbops_airflow.watch_operator",
)

gc.set_threshold(50_000, 20, 100)  # imports leave few rings behind, and every task imports something


def _read_files_of_boto3_once() -> None:
    """What boto3 knows of S3 is a megabyte of JSON, which the session of each task would read anew."""
    from boto3.session import Session
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file
    kept = cache(lambda path: read(JSONFileLoader(), path))
    JSONFileLoader.load_file = lambda _loader, file_path: kept(file_path)  # type: ignore[assignment,method-assign]
    Session().client("s3", region_name="us-east-1").close()


if sys.argv[1:2] == ["scheduler"]:
    for name in _BY_EVERY_TASK:
        importlib.import_module(name)
    _read_files_of_boto3_once()
