"""Access keys: who may do what with the data of which account."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fluoro.errors import InputError

Role = Literal["write", "read", "admin"]
"""`write`: agents (segments, telemetry, the two sampling calls that they pass on); `read`:
dashboards and the console; `admin`: everything."""

_ID = re.compile(r"\w{4,128}\Z", re.ASCII)
_SECRET = re.compile(r"[!-~]{16,128}\Z")
_ACCOUNT = re.compile(r"[0-9]{12}\Z")


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """One key. Not a Struct, whose text would show the secret.

    Signatures are made with the secret itself, so it is kept as it is.
    """

    id: str
    secret: str = field(repr=False)
    account: str
    """12 digits."""
    role: Role
    revoked: bool = False

    def __post_init__(self) -> None:
        """Refuse what no client could use, or what would be somebody else's data.

        Raises:
            InputError: With the member at fault; never with the secret.
        """
        if not _ID.match(self.id):
            raise InputError(f"id {self.id!r} must be 4 to 128 letters, digits and _")
        if not _SECRET.match(self.secret):
            raise InputError(f"the secret of {self.id} must be 16 to 128 characters, no spaces")
        if not _ACCOUNT.match(self.account):
            raise InputError(f"account {self.account!r} of {self.id} must be 12 digits")

    def may(self, roles: Collection[Role]) -> bool:
        """Whether it may do what these roles may; admin may everything."""
        return self.role in {*roles, "admin"}


Keys = Mapping[str, AccessKey]
"""By id; revoked ones are among them."""
