"""The installed `fluoro` as a client of a real server, which the official SDK has filled."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from fluoro.cli.main import main
from fluoro_up import Fluoro, until

FLUORO = str(Path(sys.executable).with_name("fluoro"))
PROGRAM = Path(__file__).parent / "python" / "program.py"
LIMIT_S = 120
STOP_LIMIT_S = 60
PREFIXES = ("FLUORO_", "AWS_", "NO_COLOR", "FORCE_COLOR", "COLUMNS")


def environment(**variables: str) -> dict[str, str]:
    """A person's, without what would say whom to ask."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true", **variables}


def run(*arguments: str, status: int = 0, **variables: str) -> str:
    """What a command prints; to stderr, when it is to end with another status than 0."""
    finished = subprocess.run(
        [FLUORO, *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=environment(**variables),
        check=False,
    )
    assert finished.returncode == status, finished.stderr
    return finished.stderr if status else finished.stdout


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The same as `run` in this process, which is a second faster."""
    for name in set(os.environ) - set(environment()):
        monkeypatch.delenv(name)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)

    def said(*arguments: str, status: int = 0, **variables: str) -> str:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                main(list(arguments))
        output = capsys.readouterr()
        assert (end.value.code or 0) == status, output.err
        return output.err if status else output.out

    return said


@pytest.fixture(scope="module")
def trace(fluoro: Fluoro, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A trace of the SDK with everything in it, found by searches."""
    finished = subprocess.run(
        [sys.executable, str(PROGRAM), "every_member"],
        cwd=tmp_path_factory.mktemp("program"),
        env={**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent},
        stdout=subprocess.PIPE,
        check=True,
        timeout=LIMIT_S,
    )
    id_ = json.loads(finished.stdout)["trace"]
    until(lambda: fluoro.summaries().get(id_), f"trace {id_} to be found")
    return id_


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, dict[str, str], str]]:
    """URL of a server with an access key, the key, and a trace in eu-west-1."""
    folder = tmp_path_factory.mktemp("guarded")
    data = f"--data={folder / 'data'}"
    key = json.loads(run("keys", "create", "--role=admin", "--json", data))
    command = [FLUORO, "server", "--json", data, "--address=127.0.0.1:0", "--trace-read-bytes=500"]
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--admin-address=127.0.0.1:0", "--flush-interval-ms=20"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"it ended at its start:\n{(folder / 'server.log').read_text()}"
            url = json.loads(line)["server"]
            yield url, key, put(url, key)
        finally:
            process.terminate()
            process.wait(STOP_LIMIT_S)


def put(url: str, key: dict[str, str], number: int = 1, **members: Any) -> str:
    """Id of a trace that a signed call brought."""
    now = time.time()
    id_ = f"1-{int(now):08x}-{number:024x}"
    document = {
        "trace_id": id_,
        "id": f"{1:016x}",
        "name": "guarded",
        "start_time": now - 1,
        "end_time": now,
        **members,
    }
    xray = boto3.client(
        "xray",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=key["id"],
        aws_secret_access_key=key["secret"],
    )
    with contextlib.closing(xray):
        xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document, ensure_ascii=False)])
    return id_


def answer(fluoro: Fluoro, path: str, **members: Any) -> dict[str, Any]:
    """What the X-Ray API itself answers."""
    connection = http.client.HTTPConnection(fluoro.server.removeprefix("http://"), timeout=LIMIT_S)
    with contextlib.closing(connection):
        connection.request("POST", f"/{path}", json.dumps(members))
        return json.loads(connection.getresponse().read())


def test_traces_as_json(fluoro: Fluoro, trace: str):
    """What GetTraceSummaries answers for the same window and filter."""
    now = int(time.time())
    window = [f"--since={now - 600}", f"--until={now + 1}", "--output=json"]
    found = json.loads(
        run("traces", 'service("python-orders")', *window, f"--server={fluoro.server}")
    )
    assert trace in [each["Id"] for each in found["TraceSummaries"]]
    assert found == answer(
        fluoro,
        "TraceSummaries",
        StartTime=now - 600,
        EndTime=now + 1,
        FilterExpression='service("python-orders")',
    )


def test_traces_as_a_table(fluoro: Fluoro, trace: str, said):
    """A row of a trace has all that one looks for, and no colours in a pipe."""
    text = said("traces", FLUORO_SERVER=fluoro.server)
    (row,) = [line for line in text.splitlines() if trace in line]
    assert "  fault  " in row
    assert "GET 500 http://orders.example/7" in row
    assert "\x1b" not in text


def test_the_newest_of_many(fluoro: Fluoro, trace: str, said):
    """The limit is kept, and it is said that there are more."""
    server = f"--server={fluoro.server}"
    until(lambda: len(fluoro.summaries()) > 1 or put_one_more(fluoro), "a second trace")
    found = json.loads(said("traces", "--limit=1", "--output=json", server))
    assert len(found["TraceSummaries"]) == 1


def put_one_more(fluoro: Fluoro) -> None:
    """A trace in the way of the SDK's."""
    put(fluoro.server, {"id": "any", "secret": "any"})


def test_a_wrong_filter(fluoro: Fluoro, said):
    """Status 2, and a caret under the place."""
    error = said("traces", "fault AND fo", f"--server={fluoro.server}", status=2)
    assert error.splitlines() == [
        "fluoro: the filter is wrong: Unknown keyword: 'fo'",
        "  fault AND fo",
        "            ^",
    ]


def test_a_trace_as_json(fluoro: Fluoro, trace: str):
    """What BatchGetTraces answers, with the documents as JSON; a W3C id will do."""
    w3c = trace.replace("-", "")[1:]
    found = json.loads(run("trace", w3c, "--json", f"--server={fluoro.server}"))
    expected = answer(fluoro, "Traces", TraceIds=[trace])
    for segment in expected["Traces"][0]["Segments"]:
        segment["Document"] = json.loads(segment["Document"])
    assert found == expected


def test_a_trace_as_a_tree(fluoro: Fluoro, trace: str):
    """Subsegments under their segment, the exception under its subsegment, bars to the right."""
    lines = run("trace", trace, FLUORO_SERVER=fluoro.server, COLUMNS="100").splitlines()
    assert lines[0].startswith(f"{trace}  fault  ")
    assert any(line.startswith("python-orders GET 500 ") for line in lines)
    assert any(line.startswith("├ outer ") for line in lines)
    assert any(line.startswith("│ └ inner ") for line in lines)
    assert any("ValueError: the order has no price" in line for line in lines)
    assert all(len(line) <= 100 for line in lines)


def test_a_trace_that_is_not_there(fluoro: Fluoro, said):
    """Status 1 and one sentence."""
    id_ = f"1-{int(time.time()):08x}-{2**90:024x}"
    error = said("trace", id_, FLUORO_SERVER=fluoro.server, status=1)
    assert error == f"fluoro: trace {id_} is not there\n"


def test_a_terminal_obeys_no_service(fluoro: Fluoro, said):
    """What would set its clipboard is shown; names keep to their line."""
    url = "http://shop/\x1b]52;c;aGk=\x1b\\\x9b2J"
    http_ = {"request": {"method": "GET", "url": url}, "response": {"status": 200}}
    id_ = put(fluoro.server, {"id": "any", "secret": "any"}, 2, name="two\nlines", http=http_)
    until(lambda: fluoro.summaries().get(id_), f"trace {id_} to be found")
    server = f"--server={fluoro.server}"
    for arguments in (["traces"], ["trace", id_], ["map"]):
        for form in ("table", "json"):
            text = said(*arguments, f"--output={form}", server)
            assert text.replace("\n", "").isprintable(), arguments
    assert "two lines GET 200 http://shop/␛]52;c;" in said("trace", id_, server)


def test_a_trace_that_is_cut(guarded):
    """What there is of it is shown, and it is said that there is more."""
    url, key, _ = guarded
    id_ = put(url, key, 3)
    put(url, key, id="2" * 16, name="late", trace_id=id_, metadata={"default": {"a": "a" * 500}})
    finished = subprocess.run(
        [FLUORO, "trace", id_, "--region=eu-west-1", f"--server={url}"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=environment(FLUORO_ACCESS_KEY_ID=key["id"], FLUORO_SECRET_ACCESS_KEY=key["secret"]),
        check=True,
    )
    assert "guarded" in finished.stdout
    assert "late" not in finished.stdout
    assert finished.stderr == (
        f"fluoro: trace {id_} is longer than the server answers: its last documents are cut\n"
    )


def test_the_map(fluoro: Fluoro, trace: str, said):
    """What GetServiceGraph answers; as tables its services and calls."""
    now = int(time.time())
    window = [f"--since={now - 600}", f"--until={now - 1}", f"--server={fluoro.server}"]

    def counted() -> bool:
        graph = answer(fluoro, "ServiceGraph", StartTime=now - 600, EndTime=now - 1)
        return any(each["Name"] == "python-orders" for each in graph["Services"])

    until(counted, "the service on the map")
    found = json.loads(said("map", "--output=json", *window))
    assert found == answer(fluoro, "ServiceGraph", StartTime=now - 600, EndTime=now - 1)
    text = said("map", *window)
    assert "client → python-orders" in text
    assert any(line.startswith("python-orders ") for line in text.splitlines())


def test_groups(fluoro: Fluoro, said):
    """Made, listed, shown, changed, used, deleted."""
    server = f"--server={fluoro.server}"
    said("groups", "create", "slow", "--filter-expression=duration > 1", server)
    said("groups", "update", "slow", "--insights-enabled", server)
    shown = json.loads(said("groups", "show", "slow", "--output=json", server))
    assert shown == answer(fluoro, "GetGroup", GroupName="slow")
    assert shown["Group"]["FilterExpression"] == "duration > 1"
    assert shown["Group"]["InsightsConfiguration"]["InsightsEnabled"] is True
    assert "duration > 1" in said("groups", "list", server)
    said("traces", "--group=slow", server)
    said("groups", "delete", "slow", server)
    assert said("groups", "show", "slow", server, status=2) == "fluoro: Group not found.\n"


def test_rules(fluoro: Fluoro, said):
    """Made, listed, shown, changed, deleted."""
    server = f"--server={fluoro.server}"
    made = ["--priority=10", "--fixed-rate=0.5", "--service-name=tea*", "--attributes.team=tea"]
    said("rules", "create", "tea", *made, server)
    said("rules", "update", "tea", "--fixed-rate=0.125", server)
    shown = json.loads(said("rules", "show", "tea", "--output=json", server))
    listed = json.loads(said("rules", "list", "--output=json", server))
    assert listed == answer(fluoro, "GetSamplingRules")
    assert shown["SamplingRuleRecord"] in listed["SamplingRuleRecords"]
    rule = shown["SamplingRuleRecord"]["SamplingRule"]
    assert (rule["FixedRate"], rule["ReservoirSize"], rule["ServiceName"]) == (0.125, 1, "tea*")
    assert rule["Attributes"] == {"team": "tea"}
    said("rules", "statistics", server)
    said("rules", "delete", "tea", server)
    error = said("rules", "show", "tea", server, status=2)
    assert error == "fluoro: there is no sampling rule tea\n"


def test_with_a_key(guarded, said):
    """By its own variables; the region is whose traces are seen."""
    url, key, trace = guarded
    variables = {
        "FLUORO_SERVER": url,
        "FLUORO_ACCESS_KEY_ID": key["id"],
        "FLUORO_SECRET_ACCESS_KEY": key["secret"],
    }
    assert trace in said("traces", "--region=eu-west-1", **variables)
    assert trace not in said("traces", **variables)


def test_without_a_key(guarded, said):
    """It is said what to set; with a wrong one, that it is wrong."""
    url, key, _ = guarded
    assert "FLUORO_ACCESS_KEY_ID" in said("traces", f"--server={url}", status=2)
    wrong = {"FLUORO_ACCESS_KEY_ID": key["id"], "FLUORO_SECRET_ACCESS_KEY": "x" * 40}
    assert "InvalidSignatureException" in said("traces", f"--server={url}", **wrong, status=2)


def test_aws(guarded, said):
    """Botocore finds endpoint, credentials and region; it signs, and the server verifies."""
    url, key, trace = guarded
    variables = {
        "AWS_ENDPOINT_URL_XRAY": url,
        "AWS_ACCESS_KEY_ID": key["id"],
        "AWS_SECRET_ACCESS_KEY": key["secret"],
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    assert trace in run("traces", "--aws", **variables)
    assert trace not in said("traces", "--aws", "--region=us-east-1", **variables)
    wrong = {**variables, "AWS_SECRET_ACCESS_KEY": "x" * 40}
    assert "InvalidSignatureException" in said("traces", "--aws", **wrong, status=2)


def test_aws_by_a_profile(guarded, tmp_path: Path, said):
    """Of AWS's own files, region and endpoint among them."""
    url, key, trace = guarded
    file = tmp_path / "config"
    file.write_text(
        "[profile work]\n"
        f"aws_access_key_id = {key['id']}\n"
        f"aws_secret_access_key = {key['secret']}\n"
        f"region = eu-west-1\nendpoint_url = {url}\n"
    )
    found = said("trace", trace, "--aws", "--profile=work", AWS_CONFIG_FILE=str(file))
    assert trace in found


def test_aws_without_credentials(tmp_path: Path, said):
    """One sentence says what is missing."""
    nothing = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "HOME": str(tmp_path)}
    error = said("traces", "--aws", "--region=eu-west-1", **nothing, status=2)
    assert "there are no AWS credentials" in error
    assert "You must specify a region" in said("traces", "--aws", **nothing, status=2)


def test_no_server():
    """Status 1 and one sentence."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        said = run("map", f"--server={url}", status=1)
    assert said == f"fluoro: no server answers at {url} (Connection refused)\n"


def test_control_c():
    """Ends a command that waits with status 130, and says nothing.

    Also where the tests run in a shell's background, whose processes are born deaf to it.
    """
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            ["env", "--default-signal=INT", FLUORO, "traces", f"--server={url}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        ) as process:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)
                process.send_signal(signal.SIGINT)
                output, error = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, output, error) == (130, b"", b"")


def test_a_reader_that_has_seen_enough(fluoro: Fluoro, trace: str):
    """Nothing is said when the pipe is closed."""
    for form in ("table", "json"):
        reading, writing = os.pipe()
        os.close(reading)
        finished = subprocess.run(
            [FLUORO, "trace", trace, f"--output={form}", f"--server={fluoro.server}"],
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=LIMIT_S,
            env=environment(),
            check=False,
        )
        os.close(writing)
        assert (finished.returncode, finished.stderr) == (1, b"")
