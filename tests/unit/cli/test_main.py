import pytest

from fluoro import __version__
from fluoro.cli.main import main
from fluoro.errors import MigrationError, StoreUnavailableError
from fluoro.server.settings import ServerSettings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    """Only what a test sets."""
    for name in ("FLUORO_CONFIG", "FLUORO_SERVER_STORE_READERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def given(monkeypatch):
    """The settings that `fluoro server` was started with, which it does not start."""
    from fluoro.cli import server  # noqa: PLC0415  as the command line imports it

    found = []

    async def run(settings, *_, **__):
        found.append(settings)

    monkeypatch.setattr(server, "run", run)
    monkeypatch.setattr(server, "configure_log", lambda _: None)  # it is the whole process's
    return found


def run(*arguments):
    """The exit status of a command line."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return end.value.code


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "fluoro.yaml"
    path.write_text("server:\n  store_readers: 5\n  flush_interval_ms: 50\nagent:\n  senders: 3\n")
    return path


def test_the_version(capsys):
    """Printed by itself."""
    assert run("--version") == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_help_names_the_commands(capsys):
    """What a newcomer needs: the commands, and where to begin."""
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("up", "agent", "server", "AWS_XRAY_DAEMON_ADDRESS"))


@pytest.mark.parametrize("command", ["up", "agent", "server"])
def test_help_of_a_command(capsys, command):
    """Every command has a page, with defaults."""
    assert run(command, "--help") == 0
    assert "127.0.0.1:" in capsys.readouterr().out


def test_settings_by_flag_variable_file_default(given, file, monkeypatch):
    """The flag wins over the variable, the variable over the file, the file over the default."""
    wanted = [4, 5, 6, 7]
    assert run("server") == 0
    assert run("server", "--config", str(file)) == 0
    monkeypatch.setenv("FLUORO_SERVER_STORE_READERS", "6")
    assert run("server", "--config", str(file)) == 0
    assert run("server", "--config", str(file), "--store-readers", "7") == 0
    assert [settings.store_readers for settings in given] == wanted
    assert [settings.flush_interval_ms for settings in given] == [1000, 50, 50, 50]


def test_accounts_in_every_place(given, file, monkeypatch):
    """In a file with quotes, in a variable as JSON, as a flag of each account."""
    file.write_text('server: {retention_days_by_account: {"000000000012": 7}}')
    assert run("server", "--config", str(file)) == 0
    monkeypatch.setenv("FLUORO_SERVER_RETENTION_DAYS_BY_ACCOUNT", '{"000000000012": 8}')
    assert run("server") == 0
    monkeypatch.delenv("FLUORO_SERVER_RETENTION_DAYS_BY_ACCOUNT")
    assert run("server", "--retention-days-by-account.000000000012", "9") == 0
    kept = [settings.retention_days_by_account for settings in given]
    assert kept == [{"000000000012": days} for days in (7, 8, 9)]


def test_the_file_by_variable(given, file, monkeypatch):
    """FLUORO_CONFIG is --config."""
    monkeypatch.setenv("FLUORO_CONFIG", str(file))
    assert run("server") == 0
    assert given[0].store_readers == 5


def test_settings_have_no_other_names(given):
    """Every field of the server is a flag."""
    assert (
        run("server", "--queue-bytes=7", "--log-level=error", "--insecure", "--address=[::]:0") == 0
    )
    assert given[0].queue_bytes == 7
    assert given[0].insecure
    assert isinstance(given[0], ServerSettings)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["server", "--nope"], "--nope"),
        (["nope"], "nope"),
        (["server", "--store-readers=many"], "--store-readers"),
        (["server", "--store-readers=0"], "--store-readers: 0 is too small"),
        (["server", "--log-level=loud"], "--log-level"),
        (["keys", "create", "--role=boss"], '"boss" for --role'),
        (["keys", "create", "--role=read", "--account=12"], "--account: account '12'"),
        (["keys", "revoke", "NOBODY", "--data=/dev/null/x"], "--keys-file: /dev/null/x"),
        (["agent", "--udp-address=nowhere"], "--udp-address: 'nowhere' is no address"),
        (
            ["up", "--server-address=127.0.0.1:0", "--agent-address=nowhere"],
            "--agent-address: 'nowhere' is no address",
        ),
        (["server", "--config=/nowhere.yaml"], "/nowhere.yaml"),
        (["server", "--store=mysql://db"], "--store: not an address"),
        (["server", "--store-password=x"], "set FLUORO_SERVER_STORE_PASSWORD"),
        (["server", "--store-password", "x"], "every user of this machine"),
        (["agent", "--secret-access-key=x"], "set FLUORO_AGENT_SECRET_ACCESS_KEY"),
        (["agent", "--access-key-id=x"], "--secret-access-key: an access key is both"),
    ],
)
def test_what_cannot_work(capsys, arguments, words):
    """Status 2 and one sentence that names it as it was written."""
    assert run(*arguments) == 2
    output = capsys.readouterr()
    assert words in output.err
    assert output.err.count("\n") == 1
    assert output.err.startswith("fluoro: ")
    assert output.out == ""


def test_strangers_are_refused(capsys, monkeypatch, tmp_path):
    """Beyond loopback without a key: status 2 and a sentence that says what to do."""
    from fluoro.cli import server  # noqa: PLC0415  as the command line imports it

    monkeypatch.setattr(server, "configure_log", lambda _: None)  # it is the whole process's
    assert run("server", "--address=0.0.0.0:0", f"--data={tmp_path}") == 2
    error = capsys.readouterr().err
    assert "fluoro keys create" in error
    assert "--insecure" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys: [", "no YAML"),
        ("keys: [{id: AAAA}]", "key 1 is wrong"),
    ],
)
def test_a_keys_file_that_is_wrong(capsys, monkeypatch, tmp_path, text, words):
    """The server does not start without the keys that somebody meant."""
    from fluoro.cli import server  # noqa: PLC0415  as the command line imports it

    monkeypatch.setattr(server, "configure_log", lambda _: None)  # it is the whole process's
    (tmp_path / "keys.yaml").write_text(text)
    assert run("server", "--address=127.0.0.1:0", f"--data={tmp_path}") == 2
    error = capsys.readouterr().err
    assert error.startswith("fluoro: --keys-file: ")
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("server: [", "is not YAML, see line 1"),
        ("- server", "no keys"),
        ("server:\n  adress: 1\n", "adress"),
        ("server:\n  store_readers: many\n", "store_readers"),
        ("server:\n  retention_days_by_account: {111122223333: 7}\n", "need quotes"),
    ],
)
def test_a_file_that_is_wrong(capsys, file, text, words):
    """The sentence says what in it."""
    file.write_text(text)
    assert run("server", "-c", str(file)) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_store_that_does_not_answer(capsys, monkeypatch):
    """Status 1 with one sentence: whoever starts it again may find the store."""
    from fluoro.cli import server  # noqa: PLC0415  as the command line imports it

    async def run_in_vain(*_, **__):
        raise StoreUnavailableError("the store failed: nobody there")

    monkeypatch.setattr(server, "run", run_in_vain)
    monkeypatch.setattr(server, "configure_log", lambda _: None)
    assert run("server") == 1
    assert capsys.readouterr().err == "fluoro: the store failed: nobody there\n"


def test_a_password_by_variable(given, monkeypatch):
    """It arrives; no flag is needed."""
    monkeypatch.setenv("FLUORO_SERVER_STORE", "clickhouse://ch")
    monkeypatch.setenv("FLUORO_SERVER_STORE_PASSWORD", "hunter2")
    assert run("server") == 0
    assert given[0].store_password == "hunter2"  # noqa: S105


def test_a_newer_store(capsys, monkeypatch):
    """Status 2 with the store's own sentence."""
    from fluoro.cli import server  # noqa: PLC0415  as the command line imports it

    async def refuse(*_, **__):
        raise MigrationError("the store has schema version 9")

    monkeypatch.setattr(server, "run", refuse)
    monkeypatch.setattr(server, "configure_log", lambda _: None)
    assert run("server") == 2
    assert capsys.readouterr().err == "fluoro: the store has schema version 9\n"
