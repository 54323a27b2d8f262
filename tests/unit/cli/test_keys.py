import json
import stat

import pytest

from fluoro.cli.main import main


@pytest.fixture
def path(tmp_path, monkeypatch):
    for name in ("FLUORO_CONFIG", "FLUORO_SERVER_KEYS_FILE", "FLUORO_SERVER_DATA"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "keys.yaml"


@pytest.fixture
def said(capsys, path):
    """What a command of `fluoro keys` prints."""

    def said(*arguments, status=0):
        with pytest.raises(SystemExit) as end:
            main(["keys", *arguments, f"--keys-file={path}"])
        assert end.value.code == status
        output = capsys.readouterr()
        return output.err if status else output.out

    return said


def test_a_key_is_made(said, path):
    """As a person reads it, with its secret; the file is its owner's alone."""
    text = said("create", "--role=write", "--account=111122223333")
    assert "account 111122223333, role write" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.split("secret access key")[1].split()[0] in path.read_text()


def test_keys_differ(said):
    """Each has an id and a secret as long as AWS's."""
    keys = [json.loads(said("create", "--role=read", "--json")) for _ in range(3)]
    assert len({key["id"] for key in keys} | {key["secret"] for key in keys}) == 6
    assert {(len(key["id"]), len(key["secret"])) for key in keys} == {(20, 40)}
    assert {key["account"] for key in keys} == {"000000000000"}


def test_the_list_has_no_secrets(said):
    """Who there is, and who is no more."""
    keys = [json.loads(said("create", f"--role={role}", "--json")) for role in ("read", "admin")]
    said("revoke", keys[0]["id"])
    for text in (said("list"), said("list", "--json")):
        assert all(key["secret"] not in text for key in keys)
    assert said("list").splitlines() == [
        f"{keys[0]['id']}  000000000000  read   revoked",
        f"{keys[1]['id']}  000000000000  admin  valid",
    ]
    assert [row["revoked"] for row in json.loads(said("list", "--json"))] == [True, False]


def test_no_keys(said, path):
    """What that means."""
    assert said("list") == f"no keys in {path}: nobody has to sign\n"
    assert said("list", "--json") == "[]\n"


def test_a_key_that_is_not_there(said):
    """A typing error must not look like a success."""
    assert "there is no key NOBODY" in said("revoke", "NOBODY", status=2)


def test_the_file_in_the_servers_folder(path, monkeypatch, capsys):
    """Where a server of the same variables looks for it."""
    monkeypatch.setenv("FLUORO_SERVER_DATA", str(path.parent))
    with pytest.raises(SystemExit):
        main(["keys", "create", "--role=read"])
    capsys.readouterr()
    assert path.exists()
