"""The whole plug-in surface of gitctl. Structural types: nothing to inherit.

A `Source` gives trees of files, a `Renderer` turns a folder into documents, `Bases` fetches what lies in other repositories, a
`SecretProvider` opens encrypted files, a `Target` answers "now / wanted / would become" and carries out changes, a `Publisher` writes to
Git, a `Store` has values outside of it.
"""

from gitctl.model.observed import Observed
from gitctl.protocols.bases import Bases
from gitctl.protocols.follow import Followable, Following, Stir, Tracked
from gitctl.protocols.ledger import Ledger, LedgerEntry
from gitctl.protocols.lineage import Lineage, Outlines
from gitctl.protocols.permissions import Permissions
from gitctl.protocols.render import Document, Reads, Renderer, Rendering, RenderRequest
from gitctl.protocols.reversible import Reversible
from gitctl.protocols.secrets import Opened, SecretFiles, SecretProvider, Vault
from gitctl.protocols.source import Publisher, Source, Tree
from gitctl.protocols.stores import Fault, NoReferences, References, Store, Trouble
from gitctl.protocols.survey import Survey
from gitctl.protocols.target import Cancel, CompareOptions, Emit, Lock, Target

__all__ = [
    "Bases",
    "Cancel",
    "CompareOptions",
    "Document",
    "Emit",
    "Fault",
    "Followable",
    "Following",
    "Ledger",
    "LedgerEntry",
    "Lineage",
    "Lock",
    "NoReferences",
    "Observed",
    "Opened",
    "Outlines",
    "Permissions",
    "Publisher",
    "Reads",
    "References",
    "RenderRequest",
    "Renderer",
    "Rendering",
    "Reversible",
    "SecretFiles",
    "SecretProvider",
    "Source",
    "Stir",
    "Store",
    "Survey",
    "Target",
    "Tracked",
    "Tree",
    "Trouble",
    "Vault",
]
