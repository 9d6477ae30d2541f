-- +goose Up

-- What requests with an idempotency key were answered. status is 0 until there is
-- an answer; began is milliseconds since 1970.
CREATE TABLE idempotency (
    owner        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    hash         BLOB    NOT NULL, -- of the request
    began        INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    content_type TEXT    NOT NULL,
    etag         TEXT    NOT NULL,
    body         BLOB,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_began ON idempotency (began);

-- +goose Down

DROP TABLE idempotency;
