import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures import captures
from fluoro.errors import MalformedDatagramError
from fluoro.wire.datagram import Kind, kind_of, split

HEADER = b'{"format":"json","version":1}'


@pytest.mark.parametrize("capture", captures(), ids=lambda found: f"{found.file}-{found.seq}")
def test_every_datagram_of_the_sdks_gives_its_document(capture):
    """What follows the first newline comes back as it was sent."""
    assert split(capture.header + b"\n" + capture.document) == capture.document


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        b'{"format": "json", "version": 1}',
        b'{"version":1,"format":"json"}',
        b'{"FORMAT":"json","Version":1}',
        b'{"format":"JSON","version":1}',
        b'{"format":"json","version":1,"more":[{}]}',
        b' \t{ "format" : "json" , "version" : 1 } ',
        HEADER + b"\r",
        b'{"form\\u0061t":"json","version":1}',
    ],
)
def test_a_header_is_read_as_go_reads_it(header):
    """Names in any case, other members, white space and a carriage return are fine."""
    assert split(header + b"\n{}") == b"{}"


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "empty"),
        (b"\n", "no_document"),
        (HEADER, "no_document"),
        (HEADER + b"\n", "no_document"),
        (b'{"id":"1"}', "no_document"),
        (b"\n{}", "bad_header"),
        (b"GET / HTTP/1.1\r\n\r\n", "bad_header"),
        (b"\xff\xfe\n{}", "bad_header"),
        (b'"json"\n{}', "bad_header"),
        (b"[]\n{}", "bad_header"),
        (b"{}\n{}", "bad_header"),
        (b'{"format":"json"}\n{}', "bad_header"),
        (b'{"version":1}\n{}', "bad_header"),
        (b'{"format":"xml","version":1}\n{}', "bad_header"),
        (b'{"format":null,"version":1}\n{}', "bad_header"),
        (b'{"format":"json","version":2}\n{}', "bad_header"),
        (b'{"format":"json","version":1.0}\n{}', "bad_header"),
        (b'{"format":"json","version":"1"}\n{}', "bad_header"),
        (b'{"format":"json","version":true}\n{}', "bad_header"),
        (b'{"format":"json","version":null}\n{}', "bad_header"),
        (b'{"format":"json","version":1}{}\n{}', "bad_header"),
        (b"[" * 60_000 + b"\n{}", "bad_header"),
        (HEADER + b'\n{"name":"\xff"}', "not_utf8"),
        (HEADER + b"\n\xed\xa0\x80", "not_utf8"),
        (HEADER + b'\n{"name":"caf\xc3', "not_utf8"),
    ],
)
def test_a_datagram_is_refused_with_its_reason(datagram, reason):
    """The reason is the counter's label."""
    with pytest.raises(MalformedDatagramError) as error:
        split(datagram)
    assert error.value.reason == reason


@pytest.mark.parametrize("document", [b"{}\n{}", b"\n", b"not JSON", "café ☕".encode(), b"\0"])
def test_the_document_is_not_read(document):
    """Any text after the header line is the document, later newlines included."""
    assert split(HEADER + b"\n" + document) == document


@given(st.binary() | st.binary().map(lambda body: HEADER + b"\n" + body))
def test_nothing_else_is_raised(datagram):
    """Whatever bytes arrive, there is a document that is UTF-8, or a reason."""
    reason = "none"
    document = b""
    try:
        document = split(datagram)
    except MalformedDatagramError as error:
        reason = error.reason
    assert reason in {"none", "empty", "no_document", "bad_header", "not_utf8"}
    assert (reason == "none") == bool(document)
    assert datagram.endswith(document)
    document.decode()


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"{}", Kind.DOCUMENT),
        (b"[]", Kind.DOCUMENT),
        (b"anything", Kind.DOCUMENT),
        (b"T1S" + base64.b64encode(b"\n\0"), Kind.OTLP_TRACES),
        (b"T1" + base64.b64encode(b"\n\0"), Kind.OTLP_TRACES),
        (b"T1U" + base64.b64encode(b"\n\0"), Kind.OTLP_UNWANTED),
        (b"M1" + base64.b64encode(b"\n\0"), Kind.OTLP_UNWANTED),
    ],
)
def test_opentelemetry_behind_the_header_is_told_apart(document, kind):
    """AWS's OpenTelemetry builds send base64 of OTLP to the same port."""
    assert kind_of(document) is kind


def test_no_segment_is_taken_for_opentelemetry():
    """Every captured document of an X-Ray SDK is one."""
    kinds = {kind_of(found.document) for found in captures() if not found.file.startswith("otlp-")}
    assert kinds == {Kind.DOCUMENT}
