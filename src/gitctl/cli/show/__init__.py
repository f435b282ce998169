"""How results look: text, JSON, markdown. Consumes results and events, decides nothing."""
