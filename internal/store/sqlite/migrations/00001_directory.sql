-- +goose Up

-- One row: the number of the newest commit, the newest commit whose tombstones
-- were purged, the next id, and the text that tells the master key.
CREATE TABLE directory (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    head    INTEGER NOT NULL,
    floor   INTEGER NOT NULL,
    next_id INTEGER NOT NULL,
    canary  BLOB
) STRICT;
INSERT INTO directory (one, head, floor, next_id) VALUES (1, 0, 0, 1);

-- In all tables: rev is the number of the commit that wrote the row last;
-- deleted is 0 or the time of deletion. Times are milliseconds since 1970.

CREATE TABLE domain (
    domain     INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    is_default INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    deleted    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX domain_default ON domain (is_default) WHERE is_default = 1;
CREATE INDEX domain_rev ON domain (rev);

-- The names of the living domains (place 0) and their host names, together, so
-- that no two domains claim the same.
CREATE TABLE domain_host (
    name   TEXT    PRIMARY KEY,
    domain INTEGER NOT NULL REFERENCES domain (domain),
    place  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX domain_host_domain ON domain_host (domain, place);

CREATE TABLE object (
    domain       INTEGER NOT NULL REFERENCES domain (domain),
    object       INTEGER NOT NULL,
    kind         INTEGER NOT NULL, -- 0 user, 1 app object
    sip          TEXT    NOT NULL,
    sip_key      TEXT    NOT NULL, -- sip without regard to case
    num          TEXT    NOT NULL,
    dn           TEXT    NOT NULL,
    cn           TEXT    NOT NULL,
    guid         TEXT    NOT NULL,
    disabled     INTEGER NOT NULL,
    override_cli INTEGER NOT NULL,
    apis         TEXT    NOT NULL, -- JSON list
    url          TEXT    NOT NULL,
    apps         TEXT    NOT NULL, -- JSON list
    secret       BLOB,             -- sealed password
    rev          INTEGER NOT NULL,
    deleted      INTEGER NOT NULL,
    PRIMARY KEY (domain, object)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX object_id   ON object (object);
CREATE UNIQUE INDEX object_guid ON object (guid);
CREATE UNIQUE INDEX object_sip  ON object (domain, sip_key) WHERE deleted = 0;
CREATE UNIQUE INDEX object_num  ON object (domain, num) WHERE deleted = 0 AND num <> '';
CREATE INDEX object_rev ON object (rev);

CREATE TABLE device (
    domain     INTEGER NOT NULL,
    object     INTEGER NOT NULL,
    hw_key     TEXT    NOT NULL, -- hw without regard to case
    hw         TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    app        TEXT    NOT NULL,
    single_reg INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    PRIMARY KEY (domain, object, hw_key),
    FOREIGN KEY (domain, object) REFERENCES object (domain, object)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    domain     INTEGER NOT NULL,
    object     INTEGER NOT NULL,
    session    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    code       INTEGER NOT NULL,
    pending    INTEGER NOT NULL, -- needs authorization
    token      TEXT    NOT NULL, -- for pushes
    wake       TEXT    NOT NULL, -- JSON list
    secret     BLOB,             -- sealed password
    rev        INTEGER NOT NULL,
    deleted    INTEGER NOT NULL,
    PRIMARY KEY (domain, object, session),
    FOREIGN KEY (domain, object) REFERENCES object (domain, object)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_id ON session (session);
CREATE INDEX session_rev ON session (rev);
CREATE INDEX session_deleted ON session (deleted) WHERE deleted > 0;

-- +goose Down

DROP TABLE session;
DROP TABLE device;
DROP TABLE object;
DROP TABLE domain_host;
DROP TABLE domain;
DROP TABLE directory;
