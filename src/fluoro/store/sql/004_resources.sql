-- Rules, groups, policies, settings: each write is a row of the next revision, a deletion too.
-- Of equal revisions the row that was inserted first counts, so blocks keep their number.
CREATE TABLE IF NOT EXISTS resources (
    account LowCardinality(String),
    region LowCardinality(String),
    kind LowCardinality(String),
    name String,
    revision UInt64,
    writer String,
    written_us UInt64,
    is_deleted Bool,
    body String
) ENGINE = MergeTree
ORDER BY (account, region, kind, name, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, enable_block_number_column = 1;
