"""probe_page: keep a run's report as a page with charts, and the indexes that it proposes as migrations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dbops.domain.advice.proposed_migration import migration_folder
from dbops.domain.probes.run import ProbeRun
from dbops.domain.probes.standing import run_before
from dbops.domain.target import Target
from dbops.gateways.probe_charts import distribution_chart, overview_chart, trend_chart
from dbops.gateways.probe_page import probe_page
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.probe_runs import OVERVIEW, put_page


def keep_page(
    run: ProbeRun,
    history: Sequence[ProbeRun],
    target: Target,
    bucket: Bucket,
    *,
    templates: Path,
    headline: str,
) -> str:
    """Draw, write and upload it, and give the place; raises BucketError."""
    pictures = {
        OVERVIEW: overview_chart(run, history),
        "trend": trend_chart(run, history),
        "distribution": distribution_chart(run, run_before(run, history)),
    }
    page = probe_page(run, history, pictures, templates=templates, headline=headline)
    migrations: dict[str, bytes] = {}
    for number, proposal in enumerate(run.proposals):
        folder, files = migration_folder(proposal, run.started, number)
        migrations |= {f"{folder}/{name}": text.encode() for name, text in files.items()}
    return put_page(
        bucket,
        target,
        run.probe_id,
        page,
        pictures=pictures,
        migrations=migrations,
    )
