-- Which log the rows are of: `creation` of its log.json. Two logs of one name, one after the other or in two deployments with
-- one database, are told apart by it. Null in rows that are older than this column, until the log feeds the index again.
ALTER TABLE watermark ADD COLUMN creation TEXT;
