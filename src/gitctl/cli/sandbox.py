"""`gitctl sandbox up|down|status|kubeconfig|reset|restart`: a real control plane on this machine, without containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ExitCode

if TYPE_CHECKING:
    from gitctl.sandbox import Status

Name = Annotated[
    str, typer.Option("--name", metavar="NAME", help="Name of the control plane; several can run at once.", autocompletion=offer.sandboxes)
]
All = Annotated[bool, typer.Option("--all", help="Every control plane of this user.")]

_DEFAULT = "sandbox"
_EPILOGS = {
    "up": epilog([('eval "$(gitctl sandbox up)"', "start it, and use it in this shell"), ("gitctl sandbox up --name two", "another one")]),
    "down": epilog([("gitctl sandbox down", "its data stays"), ("gitctl sandbox down --all --purge", "remove everything")]),
    "kubeconfig": epilog([("export KUBECONFIG=$(gitctl sandbox kubeconfig)", "")]),
    "restart": epilog([("gitctl sandbox restart kube-apiserver", "")]),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="A real control plane on this machine; pods are simulated.", no_args_is_help=True)
    for command in (up, down, status, kubeconfig, reset, restart):
        group.command(command.__name__, epilog=_EPILOGS.get(command.__name__))(command)
    app.add_typer(group, name="sandbox")


@with_session()
def up(session: Session, name: Name = _DEFAULT) -> None:
    """Start a control plane, or what of it does not run. The first time it is built from source: 7 to 8 minutes.

    Your kubeconfig is not touched: the control plane has one of its own.
    """
    from gitctl import sandbox

    sandbox.up(name, say=session.say)
    found = sandbox.status(name)
    session.result("SandboxStatus", _body(found), text=lambda: f"export KUBECONFIG={found.plane.kubeconfig}")
    session.say("next: run the line above, then `kubectl get nodes`, or `gitctl diff` and `gitctl sync`")


@with_session()
def down(
    session: Session,
    name: Name = _DEFAULT,
    every: All = False,
    purge: Annotated[bool, typer.Option("--purge", help="Remove its data, certificates, logs and kubeconfig too.")] = False,
) -> None:
    """Stop a control plane. Its data stays, and `up` goes on where it was."""
    from gitctl import sandbox

    for one in sandbox.known_names() if every else (name,):
        ran = sandbox.down(one, purge=purge)
        session.say(f"control plane {one} {'stopped' if ran else 'was not running'}{' and removed' if purge else ''}")


@with_session()
def status(
    session: Session,
    name: Name = _DEFAULT,
    every: All = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 unless all of it runs.")] = False,
) -> int:
    """Show what of a control plane runs: parts, ports, logs."""
    from gitctl import sandbox

    found = [sandbox.status(one) for one in (sandbox.known_names() if every else (name,))]
    if every:
        session.result("SandboxStatusList", {"items": [_body(one) for one in found]}, text=lambda: "\n".join(map(_text, found)))
    else:
        session.result("SandboxStatus", _body(found[0]), text=lambda: _text(found[0]))
    return ExitCode.DIFFERENT if exit_code and not all(one.running for one in found) else ExitCode.DONE


@with_session()
def kubeconfig(session: Session, name: Name = _DEFAULT) -> None:
    """Print the path of a control plane's kubeconfig."""
    from gitctl import sandbox

    session.raw(str(sandbox.status(name).plane.kubeconfig))


@with_session()
def reset(session: Session, name: Name = _DEFAULT) -> None:
    """Empty a control plane.

    Its cluster starts anew, at the same address with the same kubeconfig.
    """
    from gitctl import sandbox

    sandbox.reset(name, say=session.say)


@with_session()
def restart(
    session: Session,
    part: Annotated[
        str,
        typer.Argument(
            metavar="PART",
            help="etcd, kube-apiserver, kube-controller-manager, kube-scheduler or kwok.",
            autocompletion=offer.sandbox_parts,
            show_default=False,
        ),
    ],
    name: Name = _DEFAULT,
) -> None:
    """Restart one part of a control plane.

    On its old port, with its old data.
    """
    from gitctl import sandbox

    sandbox.restart(name, sandbox.parse_part(part), say=session.say)
    session.say(f"{part} restarted")


def _body(found: Status) -> dict[str, Any]:
    """The JSON form. The token is not in it: it stands in the kubeconfig, for this user alone."""
    plane = found.plane
    return {
        "name": plane.name,
        "state": found.word,
        "ready": found.ready,
        "server": plane.server,
        "context": plane.context,
        "kubeconfig": str(plane.kubeconfig),
        "folder": str(plane.folder),
        "parts": [
            {"name": part.part.value, "running": part.pid > 0, "pid": part.pid, "ports": list(part.ports), "log": str(part.log)}
            for part in found.parts
        ],
    }


def _text(found: Status) -> str:
    plane = found.plane
    head = [
        f"{plane.name}: {found.word}",
        f"  server      {plane.server}",
        f"  kubeconfig  {plane.kubeconfig}",
        f"  context     {plane.context}",
    ]
    width = max(len(part.part) for part in found.parts)
    lines = [
        f"  {part.part:<{width}}  {f'pid {part.pid}' if part.pid else 'stopped':<12} {', '.join(map(str, part.ports))}".rstrip()
        for part in found.parts
    ]
    return "\n".join(head + lines)
