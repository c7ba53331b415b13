-- The index with one row of 256 entries in place of two rows and more of each: an entry costs the Free plan few of its rows
-- written and bytes. The rows are made again from the logs: by each log itself, or by `sigedge reindex`.
DROP TABLE posting;
DROP TABLE entry;
DROP TABLE watermark;

-- The logs that the index has entries of. `creation` is that of a log's log.json: two logs of one name, one after the other or
-- in two deployments with one database, are told apart by it. Null if it is not known.
CREATE TABLE log (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  creation TEXT
) STRICT;

-- 256 entries of a log in the order of their indexes, or fewer in its newest row. A column of bytes has one value for each
-- entry, of fixed size, or none at all if the kind of log has no such values. The first six bytes of a SHA-256 stand for what is
-- searched for (shared/search/terms.ts); zeros for nothing.
CREATE TABLE block (
  id INTEGER PRIMARY KEY,               -- number of the log << 32 | index of the first entry >> 8
  log INTEGER NOT NULL,
  size INTEGER NOT NULL,                -- the index holds every entry of the log below this one
  terms_version INTEGER NOT NULL,       -- the oldest that made an entry of the row
  first_ms INTEGER NOT NULL,            -- the time of the first entry, and of the newest
  last_ms INTEGER NOT NULL,
  kinds BLOB NOT NULL,                  -- 1 byte: 0 signature, 1 attestation, 2 certificate
  times BLOB NOT NULL,                  -- 6 bytes: milliseconds
  signers BLOB NOT NULL,                -- 6 bytes: signer.key
  public_keys BLOB NOT NULL,            -- 6 bytes each
  certificates BLOB NOT NULL,
  commits BLOB NOT NULL,
  runs BLOB NOT NULL,
  signatures BLOB NOT NULL,
  leaves BLOB NOT NULL,
  digests BLOB NOT NULL,                -- 32 bytes: a SHA-256
  long_digests TEXT NOT NULL            -- {"<place in the row>": "<algorithm>:<hex>"}: digests that are not SHA-256
) STRICT;

-- Where the entries of a time are. One row of the index for 256 entries: no append changes its columns.
CREATE INDEX block_time ON block (log, first_ms);

-- Digests and the type of the predicate: an entry has many of them, or is looked for among very many entries.
-- Newest first is a backward scan of the key.
CREATE TABLE posting (
  term BLOB NOT NULL,
  log INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  PRIMARY KEY (term, log, idx)
) STRICT, WITHOUT ROWID;

-- The signers of entries (shared/search/signer.ts), written once each.
CREATE TABLE signer (
  key BLOB NOT NULL PRIMARY KEY,
  fields TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The values by which signers are found. Those with a common beginning are a range of the key.
CREATE TABLE attribute (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  signer BLOB NOT NULL,
  PRIMARY KEY (name, value, signer)
) STRICT, WITHOUT ROWID;

-- The rows of `block` in which a signer has entries.
CREATE TABLE presence (
  signer BLOB NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (signer, block)
) STRICT, WITHOUT ROWID;
