import httpx2

from fluoro.signer import Signer
from fluoro.wire import sigv4
from fluoro.wire.sigv4 import Credentials, Head


def test_every_call_is_signed_anew():
    """Over its body and its compression, at its own time; a proxy may add what it likes."""
    now_s = [1_790_000_000.0]
    seen = []

    def answer(request):
        headers = [*request.headers.items(), ("Via", "proxy")]
        head = Head("POST", request.url.raw_path.decode(), "", headers)
        claim = sigv4.read(head)
        sigv4.verify(claim, head, request.content, "secret", now_s[0])
        assert {"host", "content-type", "content-encoding"} < set(claim.signed_headers)
        seen.append((claim.key_id, claim.region))
        return httpx2.Response(200)

    headers = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
    signer = Signer(Credentials("AKIA", "secret", "eu-west-1"), lambda: now_s[0])
    transport = httpx2.MockTransport(answer)
    with httpx2.Client(transport=transport, base_url="http://up", auth=signer) as client:
        for _ in range(2):
            client.post("/TraceSegments", content=b"packed", headers=headers)
            now_s[0] += 3600
    assert seen == [("AKIA", "eu-west-1")] * 2
