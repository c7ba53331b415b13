-- The search index: a cache of the logs, rebuilt from tiles and sidecars. Every key includes `log`.

-- The terms by which an entry is found: one row per term and entry. Newest first is a backward scan of the key.
CREATE TABLE posting (
  term TEXT NOT NULL,
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  PRIMARY KEY (term, log, idx)
) STRICT, WITHOUT ROWID;

-- The fields that a hit shows.
CREATE TABLE entry (
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  digest TEXT,
  identity TEXT,
  issuer TEXT,
  PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

-- The index holds every entry below `size`.
CREATE TABLE watermark (
  log TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
