-- Documents as sent, in trace order: the lookup by id, whatever the id. Small granules, since a
-- lookup unpacks one in each part that may hold the trace; so the parts of a day become one, an
-- hour after it has ended (ADR 020).
CREATE TABLE IF NOT EXISTS documents (
    account LowCardinality(String),
    region LowCardinality(String),
    trace_id FixedString(16),
    id UInt64,
    ver UInt64,
    received Date,
    receipt_us UInt64 CODEC(DoubleDelta, ZSTD(1)),
    start_us Int64 CODEC(DoubleDelta, ZSTD(1)),
    source LowCardinality(String),
    document String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(ver)
PARTITION BY received
ORDER BY (account, region, trace_id, id)
SETTINGS index_granularity = 512, fsync_after_insert = 1, fsync_part_directory = 1,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- One row for each segment and subsegment, by the 5 minutes in which it began: every search. A page
-- of scattered traces reads a granule for each of them, so these are small (ADR 028).
CREATE TABLE IF NOT EXISTS spans (
    account LowCardinality(String),
    region LowCardinality(String),
    bucket DateTime('UTC') CODEC(ZSTD(1)),
    trace_hex String EPHEMERAL '',
    trace_id FixedString(16) DEFAULT toFixedString(unhex(trace_hex), 16),
    id UInt64,
    parent_id UInt64,
    document_id UInt64,
    ver UInt64,
    received Date,
    receipt_us UInt64 CODEC(DoubleDelta, ZSTD(1)),
    is_segment Bool,
    start_us Int64 CODEC(DoubleDelta, ZSTD(1)),
    dur_us Int64 CODEC(T64, ZSTD(1)),
    end_us Int64 ALIAS start_us + dur_us,
    flags UInt8,
    status UInt16,
    service LowCardinality(String),
    service_type LowCardinality(String),
    service_account LowCardinality(String),
    name LowCardinality(String),
    namespace LowCardinality(String),
    origin LowCardinality(String),
    node_name LowCardinality(String),
    node_type LowCardinality(String),
    node_account LowCardinality(String),
    method LowCardinality(String),
    url String CODEC(ZSTD(1)),
    client_ip String CODEC(ZSTD(1)),
    user_agent LowCardinality(String),
    user String CODEC(ZSTD(1)),
    operation LowCardinality(String),
    resource_arn LowCardinality(String),
    instance_id LowCardinality(String),
    availability_zone LowCardinality(String),
    `ann.key` Array(LowCardinality(String)),
    `ann.type` Array(UInt8),
    `ann.text` Array(String) CODEC(ZSTD(1)),
    `ann.number` Array(Float64) CODEC(ZSTD(1)),
    `exc.id` Array(UInt64),
    `exc.type` Array(LowCardinality(String)),
    `exc.message` Array(String) CODEC(ZSTD(1)),
    cause_id UInt64 CODEC(ZSTD(1)),
    source LowCardinality(String),
    INDEX kv arrayMap((k, v) -> cityHash64(k, v), `ann.key`, `ann.text`) TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX ends start_us + dur_us TYPE minmax GRANULARITY 4,
    INDEX receipts receipt_us TYPE minmax GRANULARITY 16
) ENGINE = ReplacingMergeTree(ver)
PARTITION BY received
ORDER BY (account, region, bucket, trace_id, id)
SETTINGS index_granularity = 2048, fsync_after_insert = 1, fsync_part_directory = 1,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- What the views read: one line of an insert. Keeps nothing.
CREATE TABLE IF NOT EXISTS incoming (
    account LowCardinality(String),
    region LowCardinality(String),
    receipt_us UInt64,
    source String,
    trace_id String,
    id String,
    start_us Int64,
    is_finished UInt8,
    is_shallow UInt8,
    document String
) ENGINE = Null;

-- Documents that ClickHouse's JSON parser cannot read, or misreads; the writer makes their rows in
-- Python.
CREATE TABLE IF NOT EXISTS unread (
    receipt_us UInt64,
    received Date
) ENGINE = MergeTree
PARTITION BY received
ORDER BY receipt_us
TTL toDateTime(intDiv(receipt_us, 1000000), 'UTC') + INTERVAL 1 HOUR;

CREATE TABLE IF NOT EXISTS sampling_reports (
    account LowCardinality(String),
    region LowCardinality(String),
    rule String,
    client String,
    time_us UInt64,
    requests UInt64,
    sampled UInt64,
    borrowed UInt64,
    quota UInt64,
    quota_until_us UInt64
) ENGINE = MergeTree
ORDER BY (account, region, time_us)
TTL toDateTime(intDiv(time_us, 1000000), 'UTC') + INTERVAL 1 HOUR
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS agent_reports (
    account LowCardinality(String),
    region LowCardinality(String),
    time_us UInt64,
    received Date,
    report String CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY received
ORDER BY (account, region, time_us)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
