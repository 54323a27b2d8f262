-- What clients of sampling rules with a boost saw of anomalies.
CREATE TABLE IF NOT EXISTS boost_reports (
    account LowCardinality(String),
    region LowCardinality(String),
    rule String,
    service String,
    time_us UInt64,
    anomalies UInt64,
    requests UInt64,
    sampled_anomalies UInt64
) ENGINE = MergeTree
ORDER BY (account, region, time_us)
TTL toDateTime(intDiv(time_us, 1000000), 'UTC') + INTERVAL 1 HOUR
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
