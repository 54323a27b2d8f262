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

-- Minutes in which a span of a deleted trace ended: their edges are made anew by each run that
-- began before they were noted.
CREATE TABLE IF NOT EXISTS stale_minutes (
    account LowCardinality(String),
    region LowCardinality(String),
    minute DateTime('UTC'),
    noted_us UInt64
) ENGINE = ReplacingMergeTree(noted_us)
ORDER BY (account, region, minute)
TTL toDateTime(intDiv(noted_us, 1000000), 'UTC') + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
