"""A notifier of a test: it fails, and the text of its error holds the credential that it was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

if TYPE_CHECKING:
    from airflow.sdk import Context


class LeakyNotifier(BaseNotifier):
    """Tells nobody anything but its token."""

    template_fields = ("token",)

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def notify(self, context: Context) -> None:  # noqa: ARG002 - its base's signature
        """Fail as a provider does whose web address holds a token."""
        raise ValueError(f"https://hooks.example.com/{self.token} answered 500")
