"""Where wanted objects go. Each target answers "now / wanted / would become" and carries out changes: `gitctl.protocols.Target`."""
