"""Health: from one live object to a state, a message and the rule that decided. Pure."""
