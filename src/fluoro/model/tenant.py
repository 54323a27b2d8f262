"""Whose data it is: the account and region that lead every key."""

import msgspec


class Tenant(msgspec.Struct, frozen=True, order=True):
    """An AWS-style account (12 digits) in a region; data of one is never visible to another."""

    account: str
    region: str


LOCAL = Tenant("000000000000", "us-east-1")
"""Owner of all data while the server has no access keys."""
