"""`gitctl secret seal|unseal|reseal|verify`: Sealed Secrets, without kubeseal and, but for --fetch, without a cluster."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import secret_certificate as sealing
from gitctl.cli.flags import with_session
from gitctl.cli.forms import Output
from gitctl.cli.manual import epilog
from gitctl.cli.secret_certificate import (
    CERT,
    CONTROLLER_NAME,
    CONTROLLER_NAMESPACE,
    FETCH,
    KEYS,
    KEYS_NEEDED,
    NAMESPACE,
    SERVICE,
    CertificateChoice,
)
from gitctl.cli.session import Session
from gitctl.cli.words import PUSH
from gitctl.errors import ErrorId, ExitCode, UsageError
from gitctl.model.sealing import Scope

if TYPE_CHECKING:
    from gitctl.secrets.kubeseal.files import SealedFiles
    from gitctl.workflow.seal import Resealed

EPILOGS = {
    "seal": epilog(
        [
            ("gitctl secret seal --fetch-cert > cert.pem", "once: the certificate is no secret, commit it"),
            ("gitctl secret seal --cert cert.pem secret.yaml -w sealed.yaml", ""),
            ("gitctl secret seal --cert cert.pem --in-place apps/*/secret.yaml", "plain files become sealed ones"),
            ("kubectl create secret generic db --dry-run=client -o yaml … | gitctl secret seal --fetch -n shop", ""),
            ("gitctl secret seal --cert cert.pem --raw --name db -n shop", "one value, asked for or from stdin"),
            ("gitctl secret seal --cert cert.pem --merge-into sealed.yaml more.yaml", "add or change keys"),
        ],
        codes={3: "no Secret, or an expired certificate", 6: "the controller cannot be reached"},
    ),
    "unseal": epilog(
        [("gitctl secret unseal sealed.yaml --recovery-private-key backup.yaml", "")], codes={3: "no key opens it, or damaged"}
    ),
    "reseal": epilog(
        [
            ("gitctl secret reseal sealed.yaml --cert cert.pem --recovery-private-key backup.yaml", ""),
            ("gitctl secret reseal --all --cert cert.pem --recovery-private-key backup.yaml", "the whole repository, one commit"),
        ],
        codes={3: "one cannot be opened: none was changed", 7: "refused: uncommitted changes"},
    ),
    "verify": epilog(
        [
            ("gitctl secret verify --cert cert.pem", "all files that Git tracks"),
            ("gitctl secret verify apps --fetch --strict", "old keys count too"),
            ("gitctl secret verify --recovery-private-key backup.yaml", "proven, by opening each value"),
        ],
        codes={0: "the controller can open all of them", 1: "findings"},
    ),
}


def register(group: typer.Typer) -> None:
    """Add the commands to `secret`."""
    for command in (seal, unseal, reseal, verify):
        group.command(command.__name__, epilog=EPILOGS[command.__name__])(command)


@with_session()
def seal(
    session: Session,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="Secrets; none or -: from stdin.")] = None,
    cert: CERT = "",
    fetch: FETCH = False,
    fetch_cert: Annotated[bool, typer.Option("--fetch-cert", help="Print the controller's certificate, and seal nothing.")] = False,
    controller_name: CONTROLLER_NAME = SERVICE,
    controller_namespace: CONTROLLER_NAMESPACE = NAMESPACE,
    scope: Annotated[
        Scope | None, typer.Option("--scope", help="Where it may be opened; default: as the Secret says, else strict.")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of a Secret that has none, and for --raw.")] = "",
    raw: Annotated[bool, typer.Option("--raw", help="Seal one value, whatever it is, for `encryptedData`.")] = False,
    merge_into: Annotated[
        Path | None, typer.Option("--merge-into", metavar="FILE", help="Put the values into this SealedSecret.", show_default=False)
    ] = None,
    allow_empty_data: Annotated[bool, typer.Option("--allow-empty-data", help="Also seal a Secret without values.")] = False,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write the files anew: all of them, or none.")] = False,
    sealed_file: Annotated[
        Path | None, typer.Option("-w", "--sealed-secret-file", metavar="FILE", help="Write it there, not to stdout.", show_default=False)
    ] = None,
) -> None:
    """Seal Secrets, so that only one cluster can open them.

    Its controller holds the key. A file that sops encrypted is opened first.
    """
    choice = CertificateChoice(cert, fetch, controller_name, controller_namespace)
    if fetch_cert:
        sealing.print_fetched(session, choice)
        return
    _check_one([bool(raw), merge_into is not None, in_place, sealed_file is not None], "--raw, --merge-into, --in-place and -w")
    sealing.check_source(cert, fetch)
    tools = _tools(session, choice, scope=scope, name=name, allow_empty=allow_empty_data)
    if in_place:
        _seal_in_place(session, files or [], tools)
    elif merge_into is not None:
        _merge(session, _only(files), merge_into, tools)
    else:
        _seal_one(session, _only(files), sealed_file, tools, raw=raw)


@with_session()
def unseal(
    session: Session,
    recovery_private_key: KEYS_NEEDED,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A SealedSecret; none or -: from stdin.")] = None,
    in_place: Annotated[bool, typer.Option("--dangerous-in-place", help="Write the plaintext into the file instead.")] = False,
) -> None:
    """Open a SealedSecret, with a backup of the private keys.

    Prints the Secret; -o json and -o yaml ask for that form. No cluster is asked.
    """
    from gitctl.cli.secret import write_plain
    from gitctl.secrets.kubeseal.files import SealedFiles
    from gitctl.workflow.secret import replace_files

    if in_place and (file is None or str(file) == "-"):
        raise UsageError("--dangerous-in-place needs a file", id=ErrorId.ARGUMENT_INVALID, hint="stdin has no place")
    tools = SealedFiles(keys=sealing.open_keys(session, recovery_private_key))
    name, content = sealing.read_input(session, file)
    plain, templated = tools.open(name, content, as_json=_as_json(session, name))
    if templated:
        session.warn(f"left out: {', '.join(templated)}; the controller makes them of a template")
    if in_place and file is not None:
        path = sealing.named(session, file)
        replace_files({path: plain})
        session.warn(f"{path} is plain text now: do not commit it")
    else:
        write_plain(plain)


@with_session()
def reseal(
    session: Session,
    recovery_private_key: KEYS_NEEDED,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="Files; all are done, or none.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every SealedSecret of HEAD, in one commit.")] = False,
    cert: CERT = "",
    fetch: FETCH = False,
    controller_name: CONTROLLER_NAME = SERVICE,
    controller_namespace: CONTROLLER_NAMESPACE = NAMESPACE,
    push: PUSH = False,
) -> None:
    """Seal the same values for another certificate.

    They are opened with a backup of the old private keys. What is sealed with it already stays as it is, so a run that was stopped
    can be run again.
    """
    from gitctl.workflow.seal import in_place

    if bool(files) == everything:
        raise UsageError("name files, or --all", id=ErrorId.FLAGS_CONFLICT)
    if push and not everything:
        raise UsageError("--push needs --all: files in place are not committed", id=ErrorId.FLAGS_CONFLICT, hint="leave --push out")
    sealing.check_source(cert, fetch)
    tools = _tools(session, CertificateChoice(cert, fetch, controller_name, controller_namespace), keys=recovery_private_key)
    named = [sealing.named(session, file) for file in files or ()]
    done = _reseal_all(session, tools, push) if everything else in_place(named, tools.reseal)
    _show_resealed(session, done, tools, pushed=push)


@with_session()
def verify(
    session: Session,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE|DIR]…", help="Files and folders; default: all files that Git tracks.")
    ] = None,
    cert: CERT = "",
    fetch: FETCH = False,
    controller_name: CONTROLLER_NAME = SERVICE,
    controller_namespace: CONTROLLER_NAMESPACE = NAMESPACE,
    recovery_private_key: KEYS = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for an old key too, and for a certificate that ends soon.")] = False,
) -> int:
    """Check SealedSecrets, without a cluster.

    Are they well-formed, in the place that they were sealed for, sealed with the current key? With a backup of the private keys each
    value is opened, in memory.
    """
    from datetime import UTC, datetime

    from gitctl.cli.secret_scan import files_to_scan
    from gitctl.cli.show.sealing import show_verified
    from gitctl.secrets.kubeseal.files import SealedFiles
    from gitctl.secrets.kubeseal.sealed import Chosen
    from gitctl.workflow.seal import verify as run

    sealing.check_source(cert, fetch)
    choice = CertificateChoice(cert, fetch, controller_name, controller_namespace)
    certificate = sealing.open_certificate(session, choice, holds=False) if choice.named else None
    chosen = Chosen(namespace=session.flags.namespace or "")
    tools = SealedFiles(certificate, sealing.open_keys(session, recovery_private_key), chosen=chosen)
    done = run(files_to_scan(session, files or []), tools.inspect)
    findings = show_verified(session, done, certificate.facts if certificate else None, now=datetime.now(UTC), strict=strict)
    return ExitCode.DIFFERENT if findings else ExitCode.DONE


def _tools(
    session: Session,
    choice: CertificateChoice,
    *,
    scope: Scope | None = None,
    name: str = "",
    allow_empty: bool = False,
    keys: list[str] | None = None,
) -> SealedFiles:
    from gitctl.secrets.kubeseal.files import SealedFiles
    from gitctl.secrets.kubeseal.sealed import Chosen

    certificate = sealing.open_certificate(session, choice)
    chosen = Chosen(scope, session.flags.namespace or "", name)
    return SealedFiles(
        certificate, sealing.open_keys(session, keys), chosen=chosen, allow_empty=allow_empty, learn=partial(sealing.learn, session)
    )


def _seal_one(session: Session, file: Path | None, to: Path | None, tools: SealedFiles, *, raw: bool) -> None:
    from gitctl.workflow.seal import write_file

    name, content = sealing.read_input(session, file, raw=raw)
    if raw:
        session.raw(tools.seal_value(content, where=name))
    elif to is None:
        session.raw(tools.seal(name, content, as_json=_as_json(session, "")).decode())
    else:
        path = sealing.named(session, to)
        write_file(path, tools.seal(name, content, as_json=path.suffix == ".json"))
        _show_sealed(session, [path])


def _seal_in_place(session: Session, files: list[Path], tools: SealedFiles) -> None:
    from gitctl.workflow.seal import in_place

    if not files:
        raise UsageError("--in-place needs files", id=ErrorId.ARGUMENT_INVALID, hint="name the files of the Secrets")
    paths = [sealing.named(session, file) for file in files]
    in_place(paths, lambda path, content: tools.seal(path, content, as_json=path.endswith(".json")))
    _show_sealed(session, paths)


def _merge(session: Session, file: Path | None, into: Path, tools: SealedFiles) -> None:
    from gitctl.workflow.seal import in_place

    name, content = sealing.read_input(session, file)
    path = sealing.named(session, into)
    in_place([path], lambda target, before: tools.merge(name, content, target, before))
    _show_sealed(session, [path])


def _reseal_all(session: Session, tools: SealedFiles, push: bool) -> Resealed:
    from gitctl.cli.start import start_folder
    from gitctl.source.checkout import repository_of
    from gitctl.source.publish import checkout_publisher
    from gitctl.source.repository import LocalSource
    from gitctl.source.search import files_with
    from gitctl.workflow.seal import committed

    root = repository_of(start_folder(session), hint="name files").folder
    source = LocalSource(root)
    head = source.resolve("HEAD")
    texts = {path: content for path, content in files_with(source.git, head.sha, "SealedSecret").items() if _is_manifest(path)}
    found = {path: content for path, content in texts.items() if tools.inspect(path, content)}
    return committed(found, tools.reseal, checkout_publisher(root), parent=head, push=push)


def _is_manifest(path: str) -> bool:
    return path.endswith((".yaml", ".yml", ".json"))


def _as_json(session: Session, name: str) -> bool:
    form = session.flags.output
    return form is Output.JSON or (form is Output.TEXT and name.endswith(".json"))


def _only(files: list[Path] | None) -> Path | None:
    if files and len(files) > 1:
        raise UsageError("several files need --in-place", id=ErrorId.FLAGS_CONFLICT, hint="or seal them one by one")
    return files[0] if files else None


def _check_one(given: list[bool], names: str) -> None:
    if sum(given) > 1:
        raise UsageError(f"{names} exclude each other", id=ErrorId.FLAGS_CONFLICT, hint="leave all but one out")


def _show_sealed(session: Session, files: list[Path]) -> None:
    clean = session.redactor.clean
    body = {"action": "sealed", "files": [str(file) for file in files]}
    session.result("SecretResult", body, text=lambda: clean("\n".join(f"sealed {file}" for file in files)))


def _show_resealed(session: Session, done: Resealed, tools: SealedFiles, *, pushed: bool) -> None:
    from gitctl.cli.show.sealing import show_resealed

    assert tools.certificate is not None
    show_resealed(session, done, tools.certificate.facts, pushed=pushed)
