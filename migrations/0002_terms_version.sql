-- Which version of the terms (shared/search/terms.ts) made a row: `sigedge reindex` makes those of other versions again. A row
-- that was there before is of the first. A default that is a constant costs no row written, however many there are.
ALTER TABLE entry ADD COLUMN terms_version INTEGER NOT NULL DEFAULT 1;
