"""gitctl: a command-line GitOps toolkit. The public library surface is `gitctl.protocols` and `gitctl.model`."""

__version__ = "0.1.0"
