-- The oldest version of the terms among the rows of a log, so that `sigedge reindex` looks at rows only if some of them are to
-- remake. Null if it is not known: the rows are older than this column.
ALTER TABLE watermark ADD COLUMN terms_version INTEGER;
