-- +goose Up

-- One row: the number of the newest commit, and when the first key was made (0:
-- not yet).
CREATE TABLE licence_head (
    one   smallint PRIMARY KEY CHECK (one = 1),
    head  bigint   NOT NULL,
    begun bigint   NOT NULL
);
INSERT INTO licence_head (one, head, begun) VALUES (1, 0, 0);

-- rev is the number of the commit that wrote the row last; revoked is 0 or the
-- time of it. Times are milliseconds since 1970. Rows are never deleted.

CREATE TABLE licence_key (
    key     text   COLLATE "C" PRIMARY KEY,
    name    text   NOT NULL,
    public  bytea  NOT NULL,
    secret  bytea,           -- sealed private half
    made    bigint NOT NULL,
    revoked bigint NOT NULL,
    rev     bigint NOT NULL
);
CREATE INDEX licence_key_rev ON licence_key (rev);

CREATE TABLE licence (
    domain    bigint NOT NULL, -- 0: every domain
    licence   text   COLLATE "C" NOT NULL,
    text      text   NOT NULL, -- as signed
    installed bigint NOT NULL,
    revoked   bigint NOT NULL,
    rev       bigint NOT NULL,
    PRIMARY KEY (domain, licence)
);
CREATE UNIQUE INDEX licence_id ON licence (licence);
CREATE INDEX licence_rev ON licence (rev);

-- +goose Down

DROP TABLE licence;
DROP TABLE licence_key;
DROP TABLE licence_head;
