"""What include/ says about the demo's target, read without dbops: a mistake there must not keep the stack down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NAME = "summary_app"
DEFAULT_BUCKET = "dbops-backups"


@dataclass(frozen=True)
class Storage:
    """Where the target's backups go."""

    bucket: str
    prefix: str

    @property
    def folder(self) -> str:
        """The key prefix of everything about the target, without a slash at either end."""
        return f"{self.prefix}/{NAME}" if self.prefix else NAME

    @classmethod
    def of(cls, include: Path) -> Storage:
        """The target's own storage section over that of defaults.yaml; the demo's own where neither can be read."""
        section: dict[str, Any] = {}
        for file in (include / "defaults.yaml", include / "targets" / f"{NAME}.yaml"):
            try:
                content = yaml.safe_load(file.read_text(encoding="utf-8"))
                section |= content["storage"]
            except (OSError, yaml.YAMLError, KeyError, TypeError):
                continue
        return cls(str(section.get("bucket") or DEFAULT_BUCKET), str(section.get("prefix") or "").strip("/"))
