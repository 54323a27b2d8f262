-- Blocks of 16 KB of a column are unpacked for a page of scattered traces, not of 64 (ADR 028).
ALTER TABLE spans MODIFY SETTING min_compress_block_size = 16384;
