"""`gitctl completion bash|zsh|fish`: the completion script of a shell."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session


class Shell(StrEnum):
    """Shells with a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


# The scripts only hand the words to `gitctl` itself, which answers through typer's completion protocol.
_SCRIPTS = {
    Shell.BASH: """_gitctl_completion() {
    local IFS=$'\\n'
    COMPREPLY=( $(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD _GITCTL_COMPLETE=complete_bash gitctl) )
    return 0
}
complete -o default -F _gitctl_completion gitctl
""",
    Shell.ZSH: """#compdef gitctl
_gitctl_completion() {
    eval "$(_TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _GITCTL_COMPLETE=complete_zsh gitctl)"
}
if [ "$funcstack[1]" = "_gitctl_completion" ]; then
    _gitctl_completion "$@"
else
    compdef _gitctl_completion gitctl
fi
""",
    Shell.FISH: """complete --command gitctl --no-files \\
    --arguments "(env _GITCTL_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args _TYPER_COMPLETE_ARGS=(commandline -cp) gitctl)" \\
    --condition "env _GITCTL_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=is-args _TYPER_COMPLETE_ARGS=(commandline -cp) gitctl"
""",
}


def script(shell: Shell) -> str:
    """The completion script of a shell."""
    return _SCRIPTS[shell]


EPILOG = epilog(
    [
        ("source <(gitctl completion bash)", "this bash session; add it to ~/.bashrc"),
        ('gitctl completion zsh > "${fpath[1]}/_gitctl"', "zsh"),
        ("gitctl completion fish > ~/.config/fish/completions/gitctl.fish", "fish"),
    ],
    notes="Names of apps, environments, contexts, revisions and sandboxes are completed too, without network.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion", epilog=EPILOG)(completion)


@with_session()
def completion(
    session: Session, shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)]
) -> None:
    """Print the completion script of a shell."""
    session.raw(script(shell))
