-- +goose Up

-- What requests with an idempotency key were answered. status is 0 until there is
-- an answer; began is milliseconds since 1970.
CREATE TABLE idempotency (
    owner        text   NOT NULL,
    key          text   NOT NULL,
    hash         bytea  NOT NULL, -- of the request
    began        bigint NOT NULL,
    status       int    NOT NULL,
    content_type text   NOT NULL,
    etag         text   NOT NULL,
    body         bytea,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_began ON idempotency (began);

-- +goose Down

DROP TABLE idempotency;
