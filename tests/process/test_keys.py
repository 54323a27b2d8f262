"""Access keys from their file to real clients: `fluoro keys`, a server, an agent, boto3."""

import contextlib
import json
import socket
import time

import boto3
import botocore.exceptions
import pytest

from keyed import create, keys, running, running_server
from running_server import until

pytestmark = pytest.mark.process

HEADER = b'{"format":"json","version":1}\n'


@contextlib.contextmanager
def client(server, key, region="eu-west-1"):
    made = boto3.client(
        "xray",
        endpoint_url=server,
        region_name=region,
        aws_access_key_id=key["id"],
        aws_secret_access_key=key["secret"],
    )
    with contextlib.closing(made):
        yield made


def refusal(call, **members):
    """AWS's name of the error that boto3 raises; empty when it raises none."""
    try:
        call(**members)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def test_from_agent_to_reader_with_keys(tmp_path):
    """A signing agent's segments are read by a key of their account and region, until revoked."""
    data = tmp_path / "data"
    writer, reader = create(data, "write"), create(data, "read")
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(running_server(tmp_path))["server"]
        doors = ["--udp-address=127.0.0.1:0", "--tcp-address=127.0.0.1:0"]
        agent = opened.enter_context(
            running(
                tmp_path,
                "agent",
                *doors,
                "--admin-address=127.0.0.1:0",
                f"--upstream={server}",
                FLUORO_AGENT_ACCESS_KEY_ID=writer["id"],
                FLUORO_AGENT_SECRET_ACCESS_KEY=writer["secret"],
                AWS_REGION="eu-west-1",
            )
        )["agent"]
        host, port = agent.split(":")
        now = time.time()
        document = {
            "id": "0000000000000001",
            "trace_id": f"1-{int(now):08x}-000000000000000000000001",
            "name": "web",
            "start_time": now - 1,
            "end_time": now,
        }
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(HEADER + json.dumps(document).encode(), (host, int(port)))
        window = {"StartTime": now - 600, "EndTime": now + 600}
        read = opened.enter_context(client(server, reader))
        elsewhere = opened.enter_context(client(server, reader, "us-east-1"))
        until(lambda: read.get_trace_summaries(**window)["TraceSummaries"], "the trace")
        assert elsewhere.get_trace_summaries(**window)["TraceSummaries"] == []
        write = opened.enter_context(client(server, writer))
        assert refusal(write.get_trace_summaries, **window) == "AccessDeniedException"
        sampling = opened.enter_context(client(f"http://{agent}", {"id": "x", "secret": "y"}))
        assert sampling.get_sampling_rules()["SamplingRuleRecords"]
        wrong = opened.enter_context(client(server, reader | {"secret": "another-secret-of-it"}))
        assert refusal(wrong.get_trace_summaries, **window) == "InvalidSignatureException"
        keys(data, "revoke", reader["id"])
        until(
            lambda: refusal(read.get_trace_summaries, **window) == "UnrecognizedClientException",
            "the server to notice",
        )
    for log in tmp_path.glob("*.log"):
        assert all(key["secret"] not in log.read_text() for key in (writer, reader))
