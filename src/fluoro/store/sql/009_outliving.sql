-- Durations as what they have beyond the histogram, mostly nothing (ADR 029). `durations` is that of
-- rows from before; others leave it empty.
ALTER TABLE edges
    ADD COLUMN IF NOT EXISTS outliving Map(Int16, Int64) DEFAULT if(
        kind = 'segments',
        mapFilter(
            (bucket, count) -> count != 0,
            mapSubtract(
                CAST(durations, 'Map(Int16, Int64)'), CAST(histogram, 'Map(Int16, Int64)')
            )
        ),
        CAST(map(), 'Map(Int16, Int64)')
    ) CODEC(T64, LZ4) AFTER histogram;
