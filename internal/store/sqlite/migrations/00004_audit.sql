-- +goose Up

-- The audit log. Rows are numbered from 1 without a gap; previous is the hash
-- of the row before. Times are milliseconds since 1970.
CREATE TABLE audit (
    number      INTEGER PRIMARY KEY,
    time        INTEGER NOT NULL,
    actor_kind  TEXT    NOT NULL,
    actor_id    TEXT    NOT NULL,
    actor_name  TEXT    NOT NULL,
    actor_role  TEXT    NOT NULL,
    from_addr   TEXT    NOT NULL,
    act         TEXT    NOT NULL,
    domain      INTEGER NOT NULL, -- 0: none
    domain_name TEXT    NOT NULL,
    object_kind TEXT    NOT NULL,
    object_id   TEXT    NOT NULL,
    object_name TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    details     TEXT    NOT NULL, -- JSON list of name, old and new
    previous    BLOB    NOT NULL,
    hash        BLOB    NOT NULL
) STRICT;
CREATE INDEX audit_domain ON audit (domain, number);
CREATE INDEX audit_object ON audit (object_kind, object_id, number);
CREATE INDEX audit_actor  ON audit (actor_name, number);

-- Against accidents: who means harm can remove these, but not the hashes.
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd

-- One row: the newest row of the log, and the newest one whose head was signed.
CREATE TABLE audit_head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    hash   BLOB    NOT NULL,
    signed INTEGER NOT NULL
) STRICT;
INSERT INTO audit_head (one, number, hash, signed) VALUES (1, 0, zeroblob(32), 0);

CREATE TABLE audit_signed (
    number    INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    hash      BLOB    NOT NULL,
    signature BLOB    NOT NULL
) STRICT;

-- The key that signs heads.
CREATE TABLE audit_key (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    public BLOB    NOT NULL,
    secret BLOB    NOT NULL -- sealed
) STRICT;

-- +goose Down

DROP TABLE audit_key;
DROP TABLE audit_signed;
DROP TABLE audit_head;
DROP TABLE audit;
