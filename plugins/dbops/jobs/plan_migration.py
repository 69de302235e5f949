"""plan_migration: what a migration would do, proven on scratch, and shown before anybody is asked.

The target's database is only read; whatever is executed, is executed on a scratch database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbops.domain.catalog import Catalog
from dbops.domain.connection import DatabaseAddress
from dbops.domain.drift import LEDGER
from dbops.domain.ledger import LedgerState
from dbops.domain.ledger_rules import judge_ledger
from dbops.domain.migration_checklist import Conditions, checklist, session_limits
from dbops.domain.migration_plan import MigrationPlan, PlannedMigration
from dbops.domain.migration_rules import Findings, OtherLedger, judge_findings
from dbops.domain.migrations import Migration
from dbops.domain.object_differences import Difference
from dbops.domain.schema_baseline import signatures
from dbops.domain.schema_comparison import fingerprint
from dbops.domain.target import Target
from dbops.domain.whole_schema import WholeSchema, without_ledger
from dbops.errors import BucketError, DbopsError, PreflightFailed
from dbops.gateways.bucket import Bucket
from dbops.gateways.catalogs import read_catalog
from dbops.gateways.health import read_health
from dbops.gateways.ledger import read_ledger
from dbops.gateways.migration_facts import read_migration_facts
from dbops.gateways.migration_files import read_migrations
from dbops.gateways.scratch_session import ReplayFailed
from dbops.gateways.squawk import lint
from dbops.gateways.statement_locks import read_table_sizes
from dbops.jobs.replay import Rehearsal, find_drift, rehearsed
from dbops.jobs.scratch import Scratch, scratch_for
