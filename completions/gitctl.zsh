#compdef gitctl
_gitctl_completion() {
    eval "$(_TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _GITCTL_COMPLETE=complete_zsh gitctl)"
}
if [ "$funcstack[1]" = "_gitctl_completion" ]; then
    _gitctl_completion "$@"
else
    compdef _gitctl_completion gitctl
fi
