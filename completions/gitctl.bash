_gitctl_completion() {
    local IFS=$'\n'
    COMPREPLY=( $(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD _GITCTL_COMPLETE=complete_bash gitctl) )
    return 0
}
complete -o default -F _gitctl_completion gitctl
