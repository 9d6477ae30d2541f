-- +goose Up

-- See the migration of the same number for SQLite.
CREATE TABLE buffer (
    id      BIGINT PRIMARY KEY,
    person  BIGINT NOT NULL,
    session BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    token   TEXT   NOT NULL,
    state   BIGINT NOT NULL,
    size    BIGINT NOT NULL,
    hash    TEXT   NOT NULL,
    used    BIGINT NOT NULL,
    created BIGINT NOT NULL,
    ends    BIGINT NOT NULL
);
CREATE INDEX buffer_person ON buffer (person);
CREATE INDEX buffer_session ON buffer (session);
CREATE INDEX buffer_ends ON buffer (ends);
CREATE INDEX buffer_hash ON buffer (hash) WHERE hash <> '';

CREATE TABLE file (
    hash     TEXT   PRIMARY KEY,
    size     BIGINT NOT NULL,
    type     TEXT   NOT NULL,
    width    BIGINT NOT NULL,
    height   BIGINT NOT NULL,
    duration BIGINT NOT NULL,
    thumb    BIGINT NOT NULL,
    loose    BIGINT NOT NULL,
    doomed   BIGINT NOT NULL
);
CREATE INDEX file_loose ON file (hash) WHERE loose <> 0;

-- +goose StatementBegin
CREATE FUNCTION content_loose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE file SET loose = 1 WHERE hash = OLD.hash;
    RETURN NULL;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER fileref_gone AFTER DELETE ON fileref FOR EACH ROW EXECUTE FUNCTION content_loose();
CREATE TRIGGER buffer_gone AFTER DELETE ON buffer FOR EACH ROW WHEN (OLD.hash <> '') EXECUTE FUNCTION content_loose();
