-- Notes are rows of `edge_runs`, with 0 for `seconds`: one question finds both, and they go with their
-- day. `stale_minutes` is for servers of the version before; it goes with a later one (ADR 039).
INSERT INTO edge_runs
SELECT account, region, 0, minute, noted_us,
    least(toDate(toDateTime(intDiv(noted_us, 1000000), 'UTC')), toDate(now('UTC')))
FROM stale_minutes
SETTINGS max_partitions_per_insert_block = 0;
