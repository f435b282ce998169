"""What the commands for Sealed Secrets have in common: the certificate, the private keys, where input comes from."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.session import Session
from gitctl.errors import ConfigError, ErrorId, UsageError

if TYPE_CHECKING:
    from gitctl.model.app import Cluster
    from gitctl.secrets.kubeseal.crypt import Certificate, SealingKey

_VARIABLE = "SEALED_SECRETS_CERT"

CERT = Annotated[
    str,
    typer.Option(
        "--cert",
        metavar="FILE|URL",
        envvar=_VARIABLE,
        show_envvar=False,
        help="The controller's certificate: PEM, or https://.",
    ),
]
FETCH = Annotated[bool, typer.Option("--fetch", help="Take the certificate from the controller in the cluster.")]
CONTROLLER_NAME = Annotated[
    str,
    typer.Option(
        "--controller-name", metavar="NAME", envvar="SEALED_SECRETS_CONTROLLER_NAME", show_envvar=False, help="Service of the controller."
    ),
]
CONTROLLER_NAMESPACE = Annotated[
    str,
    typer.Option(
        "--controller-namespace", metavar="NAME", envvar="SEALED_SECRETS_CONTROLLER_NAMESPACE", show_envvar=False, help="Its namespace."
    ),
]
KEYS_HELP = "Backup of the controller's private keys: PEM, or their Secrets; sops may have encrypted it. Repeatable."
KEYS = Annotated[list[str] | None, typer.Option("--recovery-private-key", metavar="FILE", help=KEYS_HELP, show_default=False)]
KEYS_NEEDED = Annotated[list[str], typer.Option("--recovery-private-key", metavar="FILE", help=KEYS_HELP, show_default=False)]

SERVICE = "sealed-secrets-controller"
NAMESPACE = "kube-system"
_SECONDS = 5.0  # somebody waits for it; a Service without a pod behind it is a 503, which the client would try for longer


@dataclass(frozen=True, slots=True)
class CertificateChoice:
    """What the flags say about the certificate."""

    cert: str
    fetch: bool
    controller: str = SERVICE
    namespace: str = NAMESPACE

    @property
    def named(self) -> bool:
        """Is one asked for?"""
        return bool(self.cert or self.fetch)


def open_certificate(session: Session, choice: CertificateChoice, *, holds: bool = True) -> Certificate:
    """The certificate that the flags name; `holds`: one that is over is refused. Raises UsageError, InputError, ClusterError family."""
    from datetime import UTC, datetime

    from gitctl.secrets.kubeseal.crypt import read_certificate

    pem, where = _pem(session, choice)
    certificate, now = read_certificate(pem, where=where), datetime.now(UTC)
    if holds:
        certificate.check_time(now, where=where)
    if certificate.facts.ends and certificate.facts.ends_soon(now) and not certificate.facts.expired(now):
        session.warn(f"the certificate ends on {certificate.facts.ends:%Y-%m-%d}: soon the controller must have a new one")
    return certificate


def check_source(cert: str, fetch: bool) -> None:
    """Raise UsageError when both flags are given; the variable of --cert gives way to --fetch."""
    import os

    if fetch and cert and cert != os.environ.get(_VARIABLE):
        raise UsageError("--cert and --fetch exclude each other", id=ErrorId.FLAGS_CONFLICT, hint="leave one of them out")


def print_fetched(session: Session, choice: CertificateChoice) -> None:
    """The controller's certificate on stdout, as it is, when it is one. Raises InputError, ClusterError family, ConfigError."""
    from gitctl.secrets.kubeseal.crypt import read_certificate

    pem = fetched(session, choice)
    read_certificate(pem, where=f"{choice.namespace}/{choice.controller}")
    session.out(pem.decode("utf-8", "replace"))


def fetched(session: Session, choice: CertificateChoice) -> bytes:
    """The certificate as the controller gives it. Raises ClusterError family, ConfigError."""
    import os

    from gitctl.cli.request import duration
    from gitctl.target.kubernetes.access import Login
    from gitctl.target.kubernetes.open import open_client
    from gitctl.target.kubernetes.sealing import fetch_certificate

    flags, cluster = session.flags, _cluster(session)
    kubeconfig = str(flags.kubeconfig or cluster.kubeconfig or os.environ.get("KUBECONFIG", ""))
    login = Login(kubeconfig, cluster.context, flags.as_user or "", flags.as_group)
    timeout = duration("--request-timeout", flags.request_timeout) if flags.request_timeout else _SECONDS
    return fetch_certificate(open_client(login, timeout=timeout), namespace=choice.namespace, name=choice.controller)


def open_keys(session: Session, names: list[str] | None) -> tuple[SealingKey, ...]:
    """The keys of all backups, newest first; commas separate files, as for kubeseal. Raises InputError family."""
    from datetime import UTC, datetime

    from gitctl.secrets.kubeseal.backup import read_backup
    from gitctl.workflow.secret import read_file

    files = [named(session, Path(name)) for one in names or () for name in one.split(",") if name]
    keys = {key.fingerprint: key for file in files for key in read_backup(str(file), read_file(file))}
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(keys.values(), key=lambda key: key.since or oldest, reverse=True))


def learn(session: Session, plain: bytes) -> None:
    """From now on nothing prints this value."""
    session.redactor.learn(plain.decode("utf-8", "replace"))


def read_input(session: Session, file: Path | None, *, raw: bool = False) -> tuple[str, bytes]:
    """Name and content of the input: a file, or stdin for none and `-`. A value alone is asked for, unseen. Raises InputError."""
    from gitctl.workflow.secret import read_file

    if file is not None and str(file) != "-":
        path = named(session, file)
        return str(path), read_file(path)
    if raw and session.interactive:
        from getpass import getpass

        return "stdin", getpass("value: ").encode("utf-8", "surrogateescape")
    if sys.stdin.isatty():
        session.say("reading a Secret from the terminal; Ctrl-D ends it")
    return "stdin", sys.stdin.buffer.read()


def named(session: Session, file: Path) -> Path:
    """The file as the user wrote it, below the folder of -C."""
    return (session.flags.directory or Path()) / file


def _pem(session: Session, choice: CertificateChoice) -> tuple[bytes, str]:
    from gitctl.secrets.kubeseal.fetch import fetch, is_address
    from gitctl.workflow.secret import read_file

    if choice.fetch:
        return fetched(session, choice), f"{choice.namespace}/{choice.controller}"
    if not choice.cert:
        hint = "--cert FILE or https://…, or --fetch; `gitctl secret seal --fetch-cert` prints the one of a cluster"
        raise UsageError("no certificate to seal for", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    if is_address(choice.cert):
        return fetch(choice.cert), choice.cert
    path = named(session, Path(choice.cert))
    return read_file(path), str(path)


def _cluster(session: Session) -> Cluster:
    """The cluster of --context, else of -e, else what kubectl would use."""
    from gitctl.model.app import Cluster

    flags = session.flags
    if not flags.env:
        return Cluster(name=flags.context or "", context=flags.context or "")
    from gitctl.cli.open import open_project
    from gitctl.config.resolve import choose_environment

    clusters = choose_environment(open_project(session).project, flags.env).clusters
    found = [one for one in clusters if flags.context in (None, "", one.name, one.context)]
    if len(found) != 1:
        hint = "name one with --context"
        raise ConfigError(f"{flags.env} has {len(found)} clusters to ask, where one is meant", id=ErrorId.CLUSTER_NEEDED, hint=hint)
    return found[0]
