"""Every exception Fluoro raises, in one tree.

FluoroError                         everything we raise
  InputError                        the caller can fix it; its message is safe to send back
    MalformedDatagramError          a datagram without a valid header line
    InvalidDocumentError            a segment document that X-Ray would refuse
    FilterSyntaxError               a filter expression that does not parse
    FilterTypeError                 a filter expression that parses but cannot hold
    NotFoundError                   what was asked for does not exist
    LimitExceededError              a documented limit was passed
      RuleLimitError                that of sampling rules
      TooManyTagsError              that of the tags of a resource
    ResourceChangedError            somebody else wrote a resource first
    MalformedPolicyError            a resource policy that is none
    PolicyLockoutError              one that would forbid its caller to replace it
    PolicyRevisionError             a revision of it that is not the one that is there
    PolicySizeError                 one that is too long
    PolicyCountError                one too many
    UnknownOperationError           a request for what is no operation, or none yet
    UnreadableBodyError             a request's body that is not JSON, or badly compressed
    BodyTooLargeError               a request's body beyond the limit
  AuthenticationError               who asks is not known, or may not; safe to send back
    MissingTokenError               a request that is not signed
    UnknownKeyError                 a request of a key that does not exist, or not any more
    InvalidSignatureError           a request whose signature is wrong, too old or ahead
    AccessDeniedError               a request that the key's role does not allow
  ThrottledError                    too much at once; try again after `retry_after_s`
  StoppingError                     the program is ending and takes no new work
  StoreError                        the store, not the caller
    StoreUnavailableError           it does not answer
      ShardUnavailableError         a part of it does not
    StoreTimeoutError               a query passed its time or memory limit
    MigrationError                  the folder or database is of another schema version
  CallError                         an X-Ray API gave a call of ours no answer; it may later
    CallRefusedError                it refused the call, and would again (exit status 2)
  SettingsError                     a start-up setting that cannot work (exit status 2)
  MissingExtraError                 an optional part of the package is not installed
"""

from collections.abc import Mapping
from typing import Literal


class FluoroError(Exception):
    """Everything Fluoro raises; catch this at the edge, once."""


class InputError(FluoroError):
    """The caller can fix it. `message` is safe to send back."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MalformedDatagramError(InputError):
    """A datagram whose header line is missing or wrong; `reason` is the counter's label."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidDocumentError(InputError):
    """A segment document that X-Ray refuses.

    Attributes:
        segment_id: Id of the document's root entity as sent, or None when it has none.
        reason: AWS's ErrorCode, e.g. `MissingStartTime` (spec: segment documents, section 10).
        field: The member at fault, as a path such as `subsegments[2].start_time`.
    """

    def __init__(self, segment_id: str | None, reason: str, message: str, field: str) -> None:
        super().__init__(message)
        self.segment_id = segment_id
        self.reason = reason
        self.field = field


class FilterSyntaxError(InputError):
    """A filter expression that does not parse; `offset` is 0-based, in characters."""

    def __init__(self, message: str, offset: int, expected: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.expected = expected


class FilterTypeError(InputError):
    """A filter expression that parses but cannot hold; `offset` is 0-based, in characters."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class NotFoundError(InputError):
    """What was asked for does not exist; `resource` is its ARN, if it has one."""

    def __init__(self, message: str, resource: str | None = None) -> None:
        super().__init__(message)
        self.resource = resource


class LimitExceededError(InputError):
    """A documented limit was passed."""


class RuleLimitError(LimitExceededError):
    """A sampling rule beyond the number that an account can have."""


class TooManyTagsError(LimitExceededError):
    """More tags than a resource can have; `resource` is its ARN."""

    def __init__(self, message: str, resource: str) -> None:
        super().__init__(message)
        self.resource = resource


class ResourceChangedError(InputError):
    """Somebody else wrote a resource since it was read; the same call may succeed later."""


class MalformedPolicyError(InputError):
    """A resource policy that is not the JSON of one."""


class PolicyLockoutError(InputError):
    """A resource policy that would forbid its caller to replace it."""


class PolicyRevisionError(InputError):
    """A revision id that is not that of the resource policy that is there."""


class PolicySizeError(InputError):
    """A resource policy that is too long."""


class PolicyCountError(InputError):
    """A resource policy beyond the number that an account can have."""


class UnknownOperationError(InputError):
    """A request for what is no operation, or none yet."""


class UnreadableBodyError(InputError):
    """A request's body that is not JSON, or badly compressed."""


class BodyTooLargeError(InputError):
    """A request's body beyond the limit, after decompression."""


class AuthenticationError(FluoroError):
    """Who asks is not known, or may not ask this. `message` is safe to send back."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MissingTokenError(AuthenticationError):
    """A request that is not signed."""


class UnknownKeyError(AuthenticationError):
    """A request in the name of an access key that does not exist, or not any more."""


class InvalidSignatureError(AuthenticationError):
    """A request whose signature is wrong, too old or ahead of its time."""


class AccessDeniedError(AuthenticationError):
    """A request that the role of its access key does not allow."""


class ThrottledError(FluoroError):
    """Too much at once; the caller should come back after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class StoppingError(FluoroError):
    """The program is ending and takes no new work; the same call may succeed later."""


class StoreError(FluoroError):
    """The store failed, not the caller."""


class StoreUnavailableError(StoreError):
    """The store does not answer; the same call may succeed later."""


class ShardUnavailableError(StoreUnavailableError):
    """A shard does not answer; without it an answer would lack traces, so there is none."""


class StoreTimeoutError(StoreError):
    """A query passed its time or memory limit; a narrower range may succeed.

    Attributes:
        resource: What it took too much of, and of which setting: `time` or `memory`.
        message: Safe to send back.
    """

    _SETTINGS: Mapping[str, str] = {"time": "query_timeout_s", "memory": "query_memory_bytes"}

    def __init__(self, resource: Literal["time", "memory"], what: str = "The query") -> None:
        self.resource: Literal["time", "memory"] = resource
        self.message = (
            f"{what} took more {resource} than one may ({self._SETTINGS[resource]}):"
            " ask for a shorter time range"
        )
        super().__init__(self.message)


class MigrationError(StoreError):
    """The store's schema is not one this version can open."""


class CallError(FluoroError):
    """An X-Ray API gave a call of ours no answer; the same call may succeed later."""


class CallRefusedError(CallError):
    """An X-Ray API refused a call of ours, and would again; a command ends with status 2."""


class SettingsError(FluoroError):
    """A setting that cannot work; the program ends with status 2.

    Attributes:
        setting: The field's name, e.g. `udp_address`.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting
        self.message = message


class MissingExtraError(FluoroError):
    """An optional part of the package is missing; the message says how to install it."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"this needs an optional part: run `pip install 'fluoro[{extra}]'`")
        self.extra = extra
