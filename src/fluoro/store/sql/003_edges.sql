-- What was counted (store.counting) of each closed minute (seconds = 60), ten minutes (600) and hour
-- (3600). A run writes the whole of one anew; rows of older runs count no more, and go with their day.
CREATE TABLE IF NOT EXISTS edges (
    account LowCardinality(String),
    region LowCardinality(String),
    seconds UInt16,
    moment DateTime('UTC'),
    kind LowCardinality(String),
    is_root Bool,
    source_name LowCardinality(String),
    source_type LowCardinality(String),
    source_account LowCardinality(String),
    target_name LowCardinality(String),
    target_type LowCardinality(String),
    target_account LowCardinality(String),
    ok UInt64,
    error UInt64,
    throttle UInt64,
    fault UInt64,
    total_us UInt64,
    histogram Map(Int16, UInt64) CODEC(ZSTD(1)),
    durations Map(Int16, UInt64) CODEC(ZSTD(1)),
    aliases Array(LowCardinality(String)),
    first_us Int64,
    last_us Int64,
    first_finished_us Int64,
    last_finished_us Int64,
    run UInt64,
    received Date
) ENGINE = MergeTree
PARTITION BY received
ORDER BY (account, region, seconds, moment, run, kind, source_name, target_name)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The run that counts for a minute or a period: the newest. `received` is the day it was made.
CREATE TABLE IF NOT EXISTS edge_runs (
    account LowCardinality(String),
    region LowCardinality(String),
    seconds UInt16,
    moment DateTime('UTC'),
    run UInt64,
    received Date
) ENGINE = ReplacingMergeTree(run)
PARTITION BY received
ORDER BY (account, region, seconds, moment)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Up to which receipt the minutes of every document were noted as stale; one row counts, the last.
CREATE TABLE IF NOT EXISTS edge_passes (
    only UInt8,
    covered_us UInt64
) ENGINE = ReplacingMergeTree(covered_us)
ORDER BY only
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
