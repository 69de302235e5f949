"""rehearse, as a shell asks for it: would a restore be allowed? The result is kept, as the DAG keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from dbops.cli.screen import VerbResult, markdown
from dbops.domain.restores.rehearsal import rehearsal_sentence
from dbops.domain.target import Target
from dbops.domain.words.markdown_text import plain_text
from dbops.errors import BackupUnusable

if TYPE_CHECKING:
    from dbops.gateways.store.bucket import Bucket
    from dbops.jobs.restores.restore_place import RestorePlace


def rehearse_verb(
    target: Target, bucket: Bucket, open_place: Callable[[], RestorePlace], *, clock: Callable[[], datetime]
) -> VerbResult:
    """Exit status 1 where a restore would be refused, or nobody knows; raises BackupUnusable where there is none."""
    from dbops.jobs.restores.rehearse_restore import rehearse_restore

    found = rehearse_restore(target, bucket, open_place, clock=clock)
    if found is None:
        raise BackupUnusable(
            f"{target.name} has no good backup that could be restored.", f"`python -m dbops backup {target.name}`."
        )
    said = plain_text(rehearsal_sentence(target.name, found))
    text = "\n\n".join((said, "\n".join(f"- {plain_text(refusal)}" for refusal in found.refusals)))
    document = json.dumps(json.loads(found.to_json()), ensure_ascii=False)
    return VerbResult(document, lambda: markdown(text), 0 if found.is_ready else 1)
