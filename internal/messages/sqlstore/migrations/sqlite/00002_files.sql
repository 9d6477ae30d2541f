-- +goose Up

-- Temporary buffers (package filebuffer). id is a key with a number of the
-- domain's log, person the key of the owner. token, hash: SHA-256 in hexadecimal;
-- hash is '' while the buffer is open.
CREATE TABLE buffer (
    id      INTEGER PRIMARY KEY,
    person  INTEGER NOT NULL,
    session INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    token   TEXT    NOT NULL,
    state   INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    hash    TEXT    NOT NULL,
    used    INTEGER NOT NULL,
    created INTEGER NOT NULL,
    ends    INTEGER NOT NULL
) STRICT;
CREATE INDEX buffer_person ON buffer (person);
CREATE INDEX buffer_session ON buffer (session);
CREATE INDEX buffer_ends ON buffer (ends);
CREATE INDEX buffer_hash ON buffer (hash) WHERE hash <> '';

-- One row for each content, of all domains. loose: it has lost a use since
-- somebody looked. doomed: its blob is being removed.
CREATE TABLE file (
    hash     TEXT    PRIMARY KEY,
    size     INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    thumb    INTEGER NOT NULL,
    loose    INTEGER NOT NULL,
    doomed   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX file_loose ON file (hash) WHERE loose <> 0;

-- +goose StatementBegin
CREATE TRIGGER fileref_gone AFTER DELETE ON fileref BEGIN
    UPDATE file SET loose = 1 WHERE hash = OLD.hash;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER buffer_gone AFTER DELETE ON buffer WHEN OLD.hash <> '' BEGIN
    UPDATE file SET loose = 1 WHERE hash = OLD.hash;
END;
-- +goose StatementEnd
