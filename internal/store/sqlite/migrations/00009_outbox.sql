-- +goose Up

-- Posts to Messages services that could not be stored there yet. id is their order;
-- at is milliseconds since 1970.
CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY,
    domain   INTEGER NOT NULL,
    object   INTEGER NOT NULL, -- of the Messages service
    author   INTEGER NOT NULL,
    receiver INTEGER NOT NULL, -- negative: a group
    grp      TEXT    NOT NULL, -- its name, or empty
    key      BLOB    NOT NULL, -- the author's id of the text
    at       INTEGER NOT NULL,
    single   INTEGER NOT NULL, -- 1: the only post of its text
    body     BLOB    NOT NULL
) STRICT;
CREATE INDEX outbox_link ON outbox (domain, object, id);

-- +goose Down

DROP TABLE outbox;
