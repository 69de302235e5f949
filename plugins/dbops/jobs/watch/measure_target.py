"""measure_target: what a bucket says of a target, as gauges."""

from __future__ import annotations

from dbops.domain.target import Target
from dbops.domain.watch.gauges import Gauge, probe_gauges, target_gauges
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.probe_runs import newest_probe
from dbops.gateways.store.target_indexes import read_index


def measure_target(target: Target, bucket: Bucket) -> list[Gauge]:
    """The gauges of a target; none where no job has left an index yet. Raises BucketError.

    They are read from the index, which every job leaves behind it and the watch makes anew, so that an hourly look at
    hundreds of targets is two or three requests for each.
    """
    index = read_index(bucket, target)
    if index is None:
        return []
    run = newest_probe(bucket, target)[0] if index.probes is not None else None
    return [*target_gauges(target, index), *(probe_gauges(target, run) if run is not None else ())]
