import json

NOW_S = 1_700_000_000


def test_put_telemetry_records(server):
    """Each record is kept with the names of its sender, at the time it was received."""
    records = [{"Timestamp": NOW_S - 60, "SegmentsSentCount": 5}, {"Timestamp": NOW_S}]
    answer = server.call("/TelemetryRecords", {"TelemetryRecords": records, "Hostname": "node-1"})
    assert answer.json() == {}
    kept = [(time_us, json.loads(text)) for _, time_us, text in server.storage.agent_reports]
    assert [time_us for time_us, _ in kept] == [NOW_S * 1_000_000] * 2
    assert all(report["Hostname"] == "node-1" for _, report in kept)
    assert kept[0][1]["TelemetryRecords"][0]["SegmentsSentCount"] == 5


def test_put_telemetry_records_refusals(server):
    """A time that is none is named, and nothing is kept."""
    records = [{"Timestamp": NOW_S}, {"Timestamp": "noon"}]
    answer = server.call("/TelemetryRecords", {"TelemetryRecords": records})
    assert answer.status_code == 400
    assert "'telemetryRecords[1].timestamp'" in answer.json()["message"]
    assert server.storage.agent_reports == []
