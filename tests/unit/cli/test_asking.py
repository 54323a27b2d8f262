import pytest

from fluoro.cli.main import main


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    """Only what a test sets."""
    for name in ("CONFIG", "SERVER", "REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"FLUORO_{name}", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)


@pytest.fixture
def asked(monkeypatch, capsys):
    """Whom a command asks, and what is said when it asks nobody."""
    from fluoro.cli import groups  # noqa: PLC0415  as the command line imports it

    def asked(*arguments):
        found = []

        def opened(source):
            found.append(source)
            raise SystemExit

        monkeypatch.setattr(groups, "opened", opened)
        with pytest.raises(SystemExit) as end:
            main(["groups", "list", *arguments])
        error = capsys.readouterr().err
        return found[0] if found else (end.value.code, error)

    return asked


def test_a_flag_a_variable_the_file_the_default(asked, monkeypatch, tmp_path):
    """In this order; the file's section is `client`."""
    file = tmp_path / "fluoro.yaml"
    file.write_text(
        "client:\n  server: http://file\n  region: eu-west-1\nserver:\n  insecure: true\n"
    )
    assert asked().server == "http://127.0.0.1:8080"
    assert asked("--config", str(file)).server == "http://file"
    monkeypatch.setenv("FLUORO_SERVER", "http://variable")
    found = asked("--config", str(file))
    assert (found.server, found.region) == ("http://variable", "eu-west-1")
    assert asked("--server", "http://flag").server == "http://flag"


def test_aws_region_is_the_second(asked, monkeypatch):
    """AWS's variable of the region holds here too, behind Fluoro's own."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert asked().region == "eu-west-1"
    monkeypatch.setenv("FLUORO_REGION", "eu-north-1")
    assert asked().region == "eu-north-1"


def test_a_key_by_variables(asked, monkeypatch):
    """Its secret is never shown."""
    monkeypatch.setenv("FLUORO_ACCESS_KEY_ID", "FLUO1")
    monkeypatch.setenv("FLUORO_SECRET_ACCESS_KEY", "s3cr3t")
    found = asked()
    assert (found.access_key_id, found.secret_access_key) == ("FLUO1", "s3cr3t")
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--server=fluoro:8080"], "--server: 'fluoro:8080' is no URL"),
        (["--access-key-id=FLUO1"], "--secret-access-key: an access key is both"),
        (["--secret-access-key=x"], "set FLUORO_SECRET_ACCESS_KEY"),
        (["--region=EU West"], "--region: 'EU West' is no region"),
        (["--profile=work"], "--profile: it is one of AWS's: say --aws too"),
        (["--output=yaml"], "yaml"),
    ],
)
def test_what_cannot_work(asked, arguments, sentence):
    """Ends with status 2 and one sentence."""
    status, error = asked(*arguments)
    assert status == 2
    assert sentence in error
