import stat

import pytest
from structlog.testing import capture_logs

from fluoro.errors import InputError, SettingsError
from fluoro.model.keys import AccessKey
from fluoro.server.keys_file import LOOK_S, WatchedKeys, changing, parse, read

SECRET = "hunter2hunter2hunter2"  # noqa: S105  of nobody
ENTRY = f"{{id: AAAA, secret: {SECRET}, account: '111122223333', role: read}}"


def key(key_id="AAAA", **members):
    given = {"secret": SECRET, "account": "111122223333", "role": "read"} | members
    return AccessKey(id=key_id, **given)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.yaml"


@pytest.fixture
def clock():
    """Seconds that pass when a test says so."""
    now = [0.0]

    def clock_s():
        return now[0]

    clock_s.wait = lambda seconds=LOOK_S: now.__setitem__(0, now[0] + seconds)
    return clock_s


def put(path, *keys):
    with changing(path) as there:
        there.clear()
        there.update({each.id: each for each in keys})


def test_what_is_written_is_read(path):
    """All members of all keys, in order."""
    keys = [key(), key("BBBB", account="000000000001", role="admin", revoked=True)]
    put(path, *keys)
    assert list(read(path).values()) == keys


def test_only_the_owner_reads_it(path):
    """Whatever the mode of the file that was there before."""
    path.write_text("")
    path.chmod(0o666)
    put(path, key())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_is_made_for_it(tmp_path):
    """For its owner alone."""
    path = tmp_path / "a" / "keys.yaml"
    put(path, key())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_else_is_left(path):
    """The file is put in place whole, and a change that fails leaves the old one."""
    put(path, key())

    def fail():
        with changing(path) as keys:
            keys.clear()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(read(path)) == ["AAAA"]
    assert list(path.parent.iterdir()) == [path]


def test_a_link_stays_one(path, tmp_path):
    """What it leads to is changed."""
    target = tmp_path / "elsewhere.yaml"
    path.symlink_to(target)
    put(path, key())
    assert path.is_symlink()
    assert list(read(target)) == ["AAAA"]


@pytest.mark.parametrize("text", ["", "keys: []", "# none yet"])
def test_no_keys(text):
    """An empty file is one without keys."""
    assert parse(text.encode()) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys: [", "no YAML"),
        ("- a", "no YAML"),
        ("kyes: []", "no YAML"),
        ("\xff", "no YAML"),
        ("keys: [1]", "no YAML"),
        (f"keys: [{ENTRY}, {ENTRY}]", "AAAA is there twice"),
        (f"keys: [{ENTRY.replace('role', 'rolle')}]", "unknown member 'rolle'"),
        (f"keys: [{ENTRY.replace('}', ', revokd: true}')}]", "unknown member 'revokd'"),
        (f"keys: [{ENTRY.replace('role: read', 'role: boss')}]", "'boss'"),
        (f"keys: [{ENTRY.replace('}', ', revoked: 1}')}]", "revoked"),
        ("keys: [{id: AAAA}]", "missing required field"),
        (f"keys: [{ENTRY.replace(chr(39), '')}]", "account of key 1 needs quotes"),
        (f"keys: [{ENTRY.replace('111122223333', '12')}]", "12 digits"),
    ],
)
def test_a_file_that_is_wrong(text, words):
    """The sentence says where, and no secret."""
    with pytest.raises(InputError, match=words) as error:
        parse(text.encode("latin-1"))
    assert "hunter2" not in error.value.message


def test_a_file_that_cannot_be_read(tmp_path):
    """Named as the setting it comes from."""
    with pytest.raises(SettingsError, match="cannot be read") as error:
        read(tmp_path)
    assert error.value.setting == "keys_file"


def test_a_folder_that_cannot_be_written(path):
    """The same, when a key is to be made."""
    path.write_text("")
    with pytest.raises(SettingsError, match="cannot be written") as error:
        put(path / "keys.yaml", key())
    assert error.value.setting == "keys_file"


def test_without_a_file_nobody_signs(path, clock):
    """Until there is one with a key."""
    watched = WatchedKeys(path, clock, is_required=False)
    assert watched.current() is None
    put(path)
    clock.wait()
    assert watched.current() is None
    put(path, key())
    clock.wait()
    assert list(watched.current()) == ["AAAA"]


def test_a_file_that_was_asked_for_must_be_there(path, clock):
    """A wrong path must not open the server to everybody."""
    with pytest.raises(SettingsError, match="fluoro keys create"):
        WatchedKeys(path, clock, is_required=True)


def test_a_wrong_file_stops_the_start(path, clock):
    """With the file's own sentence."""
    path.write_text("keys: [")
    with pytest.raises(SettingsError, match="no YAML"):
        WatchedKeys(path, clock, is_required=False)


def test_a_change_is_noticed(path, clock):
    """After the interval, and not asked for before."""
    put(path, key())
    watched = WatchedKeys(path, clock, is_required=False)
    put(path, key(revoked=True))
    assert not watched.current()["AAAA"].revoked
    clock.wait(LOOK_S)
    assert watched.current()["AAAA"].revoked
    assert LOOK_S <= 5


@pytest.mark.parametrize("spoil", ["broken", "gone"])
def test_a_broken_file_keeps_the_last_keys(path, clock, spoil):
    """And says so once, without a secret; the next good file counts again."""
    put(path, key())
    watched = WatchedKeys(path, clock, is_required=False)
    if spoil == "gone":
        path.unlink()
    else:
        path.write_text(f"keys: [{ENTRY}, oops]")
    with capture_logs() as lines:
        for _ in range(3):
            clock.wait()
            assert list(watched.current()) == ["AAAA"]
    assert [line["event"] for line in lines] == ["keys_failed"]
    assert "hunter2" not in str(lines)
    path.write_text(f"keys: [{ENTRY.replace('AAAA', 'BBBB')}]")
    clock.wait()
    assert list(watched.current()) == ["BBBB"]


def test_an_emptied_file_lets_nobody_in(path, clock):
    """A server that had keys never goes without."""
    put(path, key())
    watched = WatchedKeys(path, clock, is_required=False)
    put(path)
    clock.wait()
    assert watched.current() == {}
