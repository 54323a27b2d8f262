-- A histogram's counts are small numbers: as narrow as they are they unpack sooner (ADR 029).
ALTER TABLE edges
    MODIFY COLUMN histogram Map(Int16, UInt64) CODEC(T64, LZ4),
    MODIFY COLUMN durations Map(Int16, UInt64) CODEC(T64, LZ4);
