import pytest

from fluoro import errors
from fluoro.server.errors import INTERNAL, refusal_of

RAISED = [
    (errors.InputError("m"), "InvalidRequestException", 400, "m"),
    (errors.FilterSyntaxError("m", 3), "InvalidRequestException", 400, "m"),
    (errors.FilterTypeError("m", 3), "InvalidRequestException", 400, "m"),
    (errors.LimitExceededError("m"), "InvalidRequestException", 400, "m"),
    (errors.RuleLimitError("m"), "RuleLimitExceededException", 400, "m"),
    (errors.TooManyTagsError("m", "arn"), "TooManyTagsException", 400, "m"),
    (errors.NotFoundError("m"), "ResourceNotFoundException", 404, "m"),
    (errors.UnknownOperationError("m"), "UnknownOperationException", 404, "m"),
    (errors.UnreadableBodyError("m"), "SerializationException", 400, "m"),
    (errors.BodyTooLargeError("m"), "RequestEntityTooLargeException", 413, "m"),
    (errors.MissingTokenError("m"), "MissingAuthenticationTokenException", 403, "m"),
    (errors.UnknownKeyError("m"), "UnrecognizedClientException", 403, "m"),
    (errors.InvalidSignatureError("m"), "InvalidSignatureException", 403, "m"),
    (errors.AccessDeniedError("m"), "AccessDeniedException", 403, "m"),
    (errors.ThrottledError("m", 7), "ThrottledException", 429, "m"),
    (
        errors.StoreTimeoutError("time", "The query"),
        "InvalidRequestException",
        400,
        "The query took more time than one may (query_timeout_s): ask for a shorter time range",
    ),
    (errors.StoppingError("x"), "ServiceUnavailableException", 503, "The server is stopping."),
]


@pytest.mark.parametrize(("error", "name", "status", "message"), RAISED)
def test_exceptions_as_aws_names_them(error, name, status, message):
    """Name and status by class; the caller's own errors say their message."""
    refusal = refusal_of(error)
    assert (refusal.name, refusal.status, refusal.message) == (name, status, message)


@pytest.mark.parametrize(
    "class_",
    [
        errors.StoreError,
        errors.StoreUnavailableError,
        errors.ShardUnavailableError,
    ],
)
def test_the_stores_messages_stay_here(class_):
    """They may hold paths and SQL."""
    assert "/secret" not in refusal_of(class_("/secret")).message


def test_a_missing_shard_is_named_as_such():
    """The same status as a store that is away, and the reason why there is no partial answer."""
    refusal = refusal_of(errors.ShardUnavailableError("m"))
    assert (refusal.status, refusal.retry_after_s) == (503, 1)
    assert "traces would be missing" in refusal.message


def test_when_to_come_again():
    """A throttled caller when it says, any 503 after a second, others never."""
    assert refusal_of(errors.ThrottledError("m", 7)).retry_after_s == 7
    assert refusal_of(errors.StoreUnavailableError("m")).retry_after_s == 1
    assert refusal_of(errors.InputError("m")).retry_after_s is None


def test_where_in_the_filter():
    """The place is kept for the console."""
    assert refusal_of(errors.FilterSyntaxError("m", 3)).offset == 3


def test_whose_tags():
    """The resource is named as a member of its own."""
    for class_ in (errors.TooManyTagsError, errors.NotFoundError):
        assert refusal_of(class_("m", "arn")).resource == "arn"


def test_what_no_row_names():
    """Settings cannot fail in a request: that is a bug."""
    assert refusal_of(errors.SettingsError("address", "m")) == INTERNAL
