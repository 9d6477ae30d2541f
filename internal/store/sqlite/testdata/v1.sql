-- A store as the first release left it. Frozen: never edit this file. Later
-- migrations must be able to take it over.

CREATE TABLE goose_db_version (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    version_id INTEGER NOT NULL,
    is_applied INTEGER NOT NULL,
    tstamp     TIMESTAMP DEFAULT (datetime('now'))
);
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);

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

UPDATE directory SET head = 12, floor = 3, next_id = 20, canary = x'0102';
INSERT INTO domain (domain, name, is_default, rev, deleted) VALUES
    (1, 'example.com', 1, 1, 0),
    (2, 'old.example', 0, 4, 1700000000000);
INSERT INTO domain_host (name, domain, place) VALUES
    ('example.com', 1, 0), ('pbx.example.com', 1, 2), ('a.example', 1, 1);
INSERT INTO object (domain, object, kind, sip, sip_key, num, dn, cn, guid, disabled, override_cli, apis, url, apps, secret, rev, deleted) VALUES
    (1, 3, 0, 'Zoë', 'zoë', '101', 'Zoë Z', 'Zoë Long', '00000000000000000000000000000003', 0, 1, '[]', '', '["users","chat"]', x'0a00ff', 9, 0),
    (1, 5, 1, 'robot', 'robot', '', '', '', '00000000000000000000000000000005', 1, 0, '["PbxSignal","PbxApi"]', 'https://robot.example/', '[]', NULL, 6, 0),
    (1, 7, 0, 'zoë', 'zoë', '101', '', '', '00000000000000000000000000000007', 0, 0, '[]', '', '[]', NULL, 8, 1700000000001);
INSERT INTO device (domain, object, hw_key, hw, text, app, single_reg, place) VALUES
    (1, 3, 'hw-1', 'HW-1', 'Desk', 'softphone', 1, 1), (1, 3, 'hw-2', 'hw-2', '', '', 0, 0);
INSERT INTO session (domain, object, session, user_agent, created, used, code, pending, token, wake, secret, rev, deleted) VALUES
    (1, 3, '000000000000000000000000000000a1', 'agent/1', 1700000000002, 1700000000003, 1234, 1, 'token', '["phone"]', x'0b00', 12, 0),
    (1, 3, '000000000000000000000000000000a2', 'agent/2', 1700000000002, 1700000000003, 0, 0, '', '[]', NULL, 11, 1700000000004);
