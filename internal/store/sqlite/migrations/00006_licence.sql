-- +goose Up

-- One row: the number of the newest commit, and when the first key was made (0:
-- not yet).
CREATE TABLE licence_head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    head  INTEGER NOT NULL,
    begun INTEGER NOT NULL
) STRICT;
INSERT INTO licence_head (one, head, begun) VALUES (1, 0, 0);

-- rev is the number of the commit that wrote the row last; revoked is 0 or the
-- time of it. Times are milliseconds since 1970. Rows are never deleted.

CREATE TABLE licence_key (
    key     TEXT    PRIMARY KEY,
    name    TEXT    NOT NULL,
    public  BLOB    NOT NULL,
    secret  BLOB,             -- sealed private half
    made    INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    rev     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX licence_key_rev ON licence_key (rev);

CREATE TABLE licence (
    domain    INTEGER NOT NULL, -- 0: every domain
    licence   TEXT    NOT NULL,
    text      TEXT    NOT NULL, -- as signed
    installed INTEGER NOT NULL,
    revoked   INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    PRIMARY KEY (domain, licence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX licence_id ON licence (licence);
CREATE INDEX licence_rev ON licence (rev);

-- +goose Down

DROP TABLE licence;
DROP TABLE licence_key;
DROP TABLE licence_head;
