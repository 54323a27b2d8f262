-- Replicas that live; the smallest of them runs the jobs. Worth nothing after a restart.
CREATE TABLE IF NOT EXISTS heartbeats (
    replica String,
    time_us UInt64
) ENGINE = Memory
SETTINGS min_rows_to_keep = 100, max_rows_to_keep = 1000;

-- Deleted traces: what is sent again until then is not kept.
CREATE TABLE IF NOT EXISTS tombstones (
    account LowCardinality(String),
    region LowCardinality(String),
    trace_id FixedString(16),
    deleted_us UInt64,
    until_us UInt64
) ENGINE = ReplacingMergeTree(until_us)
ORDER BY (account, region, trace_id)
TTL toDateTime(intDiv(until_us, 1000000), 'UTC')
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Minutes whose edges changed, by documents that came or by a deletion: those of a run that began
-- before a minute was noted count no more. One row a minute, some 20 bytes.
CREATE TABLE IF NOT EXISTS stale_minutes (
    account LowCardinality(String),
    region LowCardinality(String),
    minute DateTime('UTC'),
    noted_us UInt64
) ENGINE = ReplacingMergeTree(noted_us)
ORDER BY (account, region, minute)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
