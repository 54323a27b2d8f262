import pytest

from fluoro.errors import InputError
from fluoro.model.keys import AccessKey

KEY = {"id": "AKIA1", "secret": "s" * 16, "account": "111122223333", "role": "read"}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("write", {"write"}), ("read", {"read"}), ("admin", {"write", "read", "admin"})],
)
def test_what_a_role_may(role, allowed):
    """Its own, and an admin everything."""
    key = AccessKey(**KEY | {"role": role})
    assert {each for each in ("write", "read", "admin") if key.may({each})} == allowed


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "a/b1"),
        ("id", "a:b1"),
        ("id", "abc"),
        ("id", "a" * 129),
        ("id", "schlüssel"),
        ("secret", "s" * 15),
        ("secret", "s" * 129),
        ("secret", "hunter2 hunter2 hunter2"),
        ("account", "11112222333"),
        ("account", "11112222333a"),
        ("account", "\u0661" * 12),
    ],
)
def test_a_key_that_cannot_be(member, value):
    """Refused by name, and no secret is said."""
    with pytest.raises(InputError, match=member) as error:
        AccessKey(**KEY | {member: value})
    assert "hunter2" not in error.value.message


def test_no_text_shows_the_secret():
    """As Python prints a key."""
    assert "ssss" not in repr(AccessKey(**KEY))
