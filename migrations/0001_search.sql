-- The search index: a cache of the logs, rebuilt from tiles and sidecars. `log` stands in every key.

-- What an entry is found by. One row a term and entry; newest first is a backward scan of the key.
CREATE TABLE posting (
  term TEXT NOT NULL,
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  PRIMARY KEY (term, log, idx)
) STRICT, WITHOUT ROWID;

-- What a hit shows.
CREATE TABLE entry (
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  digest TEXT,
  identity TEXT,
  issuer TEXT,
  PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

-- Every entry below `size` is in the index.
CREATE TABLE watermark (
  log TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
