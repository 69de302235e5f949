"""What the demo remembers between two commands: ports, generated passwords, whether the sample data are complete."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from demo.errors import DemoError
from demo.ports import choose_port, is_free
from demo.seaweed import Keys

FORMAT = 1

_PASSWORDS = ("postgres", "airflow_database", "summary_app_database", "admin", "alice", "bob", "viewer")


@dataclass
class DemoState:
    """The content of `.demo/state.json`, a file only its owner may read."""

    id: str
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    sample_loaded: bool = False

    @classmethod
    def load(cls, file: Path) -> DemoState | None:
        """What the file says; None when there is none; DemoError when it cannot be understood."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            known = content.pop("format") == FORMAT
            state = cls(**content) if known else None
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError):
            state = None
        if state is None or set(state.secrets) != set(cls.generate().secrets):
            raise DemoError(
                f"{file} cannot be understood: it was edited, or written by another version. "
                f"`make demo-clean` removes the demo and its data; `make demo` then starts anew."
            )
        return state

    @classmethod
    def generate(cls) -> DemoState:
        """A state with new passwords and keys, and no ports yet."""
        owner = Keys.generate()
        words = {name: secrets.token_urlsafe(12) for name in _PASSWORDS}
        words |= {
            "s3_access_key": owner.access_key,
            "s3_secret_key": owner.secret_key,
            "airflow_jwt": secrets.token_urlsafe(48),
            "airflow_session": secrets.token_urlsafe(48),
            "airflow_fernet": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        }
        return cls(id=secrets.token_hex(16), secrets=words)

    def save(self, file: Path) -> None:
        """Write it in one step, so that a kill half way leaves the old content."""
        unfinished = file.with_suffix(".unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump({"format": FORMAT, **asdict(self)}, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(file)

    def settle_ports(
        self,
        wanted: Mapping[str, Sequence[int]],
        keep: Sequence[str] = (),
        *,
        free: Callable[[int], bool] = is_free,
    ) -> list[str]:
        """Give each wanted name a port that is free together with port + its offsets.

        A remembered port is kept while it is free, or where `keep` says that our own server listens on it.
        Returns one sentence for every remembered port that had to be given up.
        """
        sentences = []
        for name, offsets in wanted.items():
            remembered = self.ports.get(name)
            if remembered is not None and (name in keep or all(free(remembered + offset) for offset in offsets)):
                continue
            chosen = choose_port(self.ports.values(), offsets=offsets)
            if remembered is not None:
                sentences.append(
                    f"Port {remembered} ({name}) is in use by another program: {chosen} is used from now on."
                )
            self.ports[name] = chosen
        return sentences
