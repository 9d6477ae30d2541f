-- +goose Up

-- Posts to Messages services that could not be stored there yet. id is their order;
-- at is milliseconds since 1970.
CREATE TABLE outbox (
    id       bigint PRIMARY KEY,
    domain   bigint NOT NULL,
    object   bigint NOT NULL, -- of the Messages service
    author   bigint NOT NULL,
    receiver bigint NOT NULL, -- negative: a group
    grp      text   NOT NULL, -- its name, or empty
    key      bytea  NOT NULL, -- the author's id of the text
    at       bigint NOT NULL,
    single   int    NOT NULL, -- 1: the only post of its text
    body     bytea  NOT NULL
);
CREATE INDEX outbox_link ON outbox (domain, object, id);

-- +goose Down

DROP TABLE outbox;
