-- The version of the terms (shared/search/terms.ts) that made a row; `sigedge reindex` rebuilds rows of other versions. Rows
-- older than this column have version 1. A constant default writes no row, however many there are.
ALTER TABLE entry ADD COLUMN terms_version INTEGER NOT NULL DEFAULT 1;
