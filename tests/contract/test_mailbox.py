"""SmtpMailbox: a message arrives whole, encrypted where asked, and what a server refuses is said without a password."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dbops.errors import MailFailed
from dbops.gateways.alerting.mailbox import SmtpMailbox

_PASSWORD = "correct horse battery staple"


@dataclass
class _Post:
    """What a mail server of these tests took; it refuses the addresses in ``refuse``."""

    refuse: frozenset[str] = frozenset()
    taken: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        self.encrypted.append(_is_encrypted(server))
        return "250 OK"

    def check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == _PASSWORD.encode()
        if good:
            self.logins.append(data.login.decode())
        return AuthResult(success=good, handled=False)


def _is_encrypted(server: SMTP) -> bool:
    return server.transport is not None and server.transport.get_extra_info("ssl_object") is not None


@contextmanager
def _post_office(post: _Post, *, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        return SMTP(post, hostname="localhost", loop=loop, authenticator=post.check, **options)

    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
    thread = threading.Thread(target=loop.run_forever, name="post office")
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(server.wait_closed())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path_factory.mktemp("certificate") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(pem))
    return context


def _message(*recipients: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "[dbops] FAILED backup of shop (production)"
    message["From"] = "dbops@example.com"
    message["To"] = ", ".join(recipients or ("dba@example.com",))
    message.set_content("Größe: 数.", cte="quoted-printable")
    message.add_alternative("<p>Größe: 数.</p>", subtype="html", cte="quoted-printable")
    return message


Opened = tuple[SmtpMailbox, _Post]


@pytest.fixture
def mailbox() -> Iterator[Opened]:
    """A mailbox whose server does not know gone@example.com, and that server."""
    post = _Post(refuse=frozenset({"gone@example.com"}))
    with _post_office(post) as port:
        yield SmtpMailbox("127.0.0.1", port, encryption="none"), post


def test_a_message_arrives_whole(mailbox: Opened) -> None:
    box, post = mailbox
    box.send(_message("a@example.com", "b@example.com"))
    [message] = post.taken
    assert [address.addr_spec for address in message["To"].addresses] == ["a@example.com", "b@example.com"]
    assert message["Subject"] == "[dbops] FAILED backup of shop (production)"
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert [part and part.get_content().strip() for part in parts] == ["Größe: 数.", "<p>Größe: 数.</p>"]


def test_who_is_refused_is_named_and_the_others_get_their_mail(mailbox: Opened) -> None:
    box, post = mailbox
    with pytest.raises(MailFailed, match=r"gone@example\.com"):
        box.send(_message("a@example.com", "gone@example.com"))
    assert len(post.taken) == 1


def test_when_everybody_is_refused_nothing_is_sent(mailbox: Opened) -> None:
    box, post = mailbox
    with pytest.raises(MailFailed, match=r"gone@example\.com"):
        box.send(_message("gone@example.com"))
    assert post.taken == []


def test_the_catcher_of_the_demo_takes_it_too(mail_catcher: Any) -> None:
    SmtpMailbox("127.0.0.1", mail_catcher.port, encryption="none").send(_message())
    assert [message["Subject"] for message in mail_catcher.messages()] == ["[dbops] FAILED backup of shop (production)"]


def test_starttls_encrypts_before_it_logs_in(certificate: ssl.SSLContext) -> None:
    post = _Post()
    with _post_office(post, tls_context=certificate, require_starttls=True, auth_required=True) as port:
        SmtpMailbox("127.0.0.1", port, "starttls", verify=False, login="dbops", password=_PASSWORD).send(_message())
    assert post.encrypted == [True]
    assert post.logins == ["dbops"]


def test_tls_encrypts_from_the_first_byte(certificate: ssl.SSLContext) -> None:
    post = _Post()
    with _post_office(post, tls=certificate) as port:
        SmtpMailbox("127.0.0.1", port, "tls", verify=False).send(_message())
    assert post.encrypted == [True]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(certificate: ssl.SSLContext, encryption: Any) -> None:
    post = _Post()
    options: dict[str, Any] = {"tls": certificate} if encryption == "tls" else {"tls_context": certificate}
    with _post_office(post, **options) as port, pytest.raises(MailFailed, match="certificate"):
        SmtpMailbox("localhost", port, encryption, login="dbops", password=_PASSWORD).send(_message())
    assert post.taken == []
    assert post.logins == []


def test_a_server_without_starttls_never_hears_the_password() -> None:
    post = _Post()
    with _post_office(post, auth_require_tls=False) as port, pytest.raises(MailFailed, match="STARTTLS"):
        SmtpMailbox("127.0.0.1", port, "starttls", login="dbops", password=_PASSWORD).send(_message())
    assert post.logins == []


def test_a_refused_login_says_so_and_never_shows_the_password() -> None:
    wrong = _PASSWORD[::-1]
    with _post_office(_Post(), auth_require_tls=False) as port, pytest.raises(MailFailed, match="login") as failure:
        SmtpMailbox("127.0.0.1", port, "none", login="dbops", password=wrong).send(_message())
    assert wrong not in "".join(traceback.format_exception(failure.value))
    assert failure.value.remedy


def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(MailFailed, match=rf"127\.0\.0\.1:{port} .*refused") as failure:
            SmtpMailbox("127.0.0.1", port).send(_message())
    assert "smtp_default" in failure.value.remedy


def test_a_server_that_never_answers_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(MailFailed, match="did not answer in time"):
            SmtpMailbox("127.0.0.1", port, "none", timeout=0.2).send(_message())


def test_its_text_never_shows_the_password() -> None:
    assert _PASSWORD not in repr(SmtpMailbox("127.0.0.1", 25, login="dbops", password=_PASSWORD))
