"""Exceptions as HTTP answers: the one table that knows AWS's error names and statuses.

Source: spec of the API, section 2; botocore's service model.
"""

from http import HTTPStatus

import msgspec

from fluoro.errors import (
    AccessDeniedError,
    AuthenticationError,
    BodyTooLargeError,
    FilterSyntaxError,
    FilterTypeError,
    FluoroError,
    InputError,
    InvalidSignatureError,
    MalformedPolicyError,
    MissingTokenError,
    NotFoundError,
    PolicyCountError,
    PolicyLockoutError,
    PolicyRevisionError,
    PolicySizeError,
    RuleLimitError,
    ShardUnavailableError,
    StoppingError,
    StoreError,
    StoreTimeoutError,
    StoreUnavailableError,
    ThrottledError,
    TooManyTagsError,
    UnknownKeyError,
    UnknownOperationError,
    UnreadableBodyError,
)


class Refusal(msgspec.Struct, frozen=True):
    """What the caller is told."""

    name: str
    status: HTTPStatus
    message: str
    retry_after_s: int | None = None
    offset: int | None = None
    """0-based place in a filter expression that it is about."""
    resource: str | None = None
    """ARN of the resource that it is about."""
    is_about_identity: bool = False
    """Another key may be let in."""


_UNAVAILABLE = "ServiceUnavailableException"
_BY_CLASS: dict[type[FluoroError], tuple[str, HTTPStatus]] = {
    UnknownOperationError: ("UnknownOperationException", HTTPStatus.NOT_FOUND),
    UnreadableBodyError: ("SerializationException", HTTPStatus.BAD_REQUEST),
    BodyTooLargeError: ("RequestEntityTooLargeException", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    NotFoundError: ("ResourceNotFoundException", HTTPStatus.NOT_FOUND),
    MalformedPolicyError: ("MalformedPolicyDocumentException", HTTPStatus.BAD_REQUEST),
    PolicyLockoutError: ("LockoutPreventionException", HTTPStatus.BAD_REQUEST),
    PolicyRevisionError: ("InvalidPolicyRevisionIdException", HTTPStatus.BAD_REQUEST),
    PolicySizeError: ("PolicySizeLimitExceededException", HTTPStatus.BAD_REQUEST),
    PolicyCountError: ("PolicyCountLimitExceededException", HTTPStatus.BAD_REQUEST),
    RuleLimitError: ("RuleLimitExceededException", HTTPStatus.BAD_REQUEST),
    TooManyTagsError: ("TooManyTagsException", HTTPStatus.BAD_REQUEST),
    InputError: ("InvalidRequestException", HTTPStatus.BAD_REQUEST),
    MissingTokenError: ("MissingAuthenticationTokenException", HTTPStatus.FORBIDDEN),
    UnknownKeyError: ("UnrecognizedClientException", HTTPStatus.FORBIDDEN),
    InvalidSignatureError: ("InvalidSignatureException", HTTPStatus.FORBIDDEN),
    AccessDeniedError: ("AccessDeniedException", HTTPStatus.FORBIDDEN),
    ThrottledError: ("ThrottledException", HTTPStatus.TOO_MANY_REQUESTS),
    StoppingError: (_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE),
    StoreTimeoutError: ("InvalidRequestException", HTTPStatus.BAD_REQUEST),
    ShardUnavailableError: (_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE),
    StoreUnavailableError: (_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE),
    StoreError: (_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE),
}
"""The first class that fits, along the exception's own line of ancestors, decides."""

_TEXTS: dict[type[FluoroError], str] = {
    StoppingError: "The server is stopping.",
    ShardUnavailableError: "A shard of the store does not answer, so traces would be missing; try"
    " again.",
    StoreUnavailableError: "The store does not answer; try again.",
    StoreError: "The store does not answer; try again.",
}
"""Errors whose own message stays in the log."""

INTERNAL = Refusal("InternalFailure", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal failure")
"""For what nobody expected; the log has the rest under the request's id."""


def refusal_of(error: FluoroError) -> Refusal:
    """The answer to an exception of ours."""
    class_ = _known(type(error))
    if class_ is None:
        return INTERNAL
    name, status = _BY_CLASS[class_]
    return Refusal(
        name,
        status,
        _TEXTS.get(class_) or str(error),
        retry_after_s=_retry_after_s(error, status),
        offset=_offset(error),
        resource=_resource(error),
        is_about_identity=isinstance(error, AuthenticationError),
    )


def name_of(class_: type[FluoroError]) -> tuple[str, HTTPStatus]:
    """What every exception of a class is answered with: AWS's name and the status."""
    known = _known(class_)
    return (INTERNAL.name, INTERNAL.status) if known is None else _BY_CLASS[known]


def _known(class_: type[FluoroError]) -> type[FluoroError] | None:
    """The class that decides; None when no row names one."""
    return next((each for each in class_.__mro__ if each in _BY_CLASS), None)


def _retry_after_s(error: FluoroError, status: HTTPStatus) -> int | None:
    if isinstance(error, ThrottledError):
        return error.retry_after_s
    return 1 if status == HTTPStatus.SERVICE_UNAVAILABLE else None


def _offset(error: FluoroError) -> int | None:
    return error.offset if isinstance(error, FilterSyntaxError | FilterTypeError) else None


def _resource(error: FluoroError) -> str | None:
    return error.resource if isinstance(error, NotFoundError | TooManyTagsError) else None
