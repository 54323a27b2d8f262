-- A step of its own: the one before may be tried again, and needs the table.
DROP TABLE IF EXISTS stale_minutes;
