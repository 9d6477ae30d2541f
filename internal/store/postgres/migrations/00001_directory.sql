-- +goose Up

-- One row: the number of the newest commit, the newest commit whose tombstones
-- were purged, the next id, and the text that tells the master key.
CREATE TABLE directory (
    one     smallint PRIMARY KEY CHECK (one = 1),
    head    bigint   NOT NULL,
    floor   bigint   NOT NULL,
    next_id bigint   NOT NULL,
    canary  bytea
) WITH (fillfactor = 50);
INSERT INTO directory (one, head, floor, next_id) VALUES (1, 0, 0, 1);

-- In all tables: rev is the number of the commit that wrote the row last;
-- deleted is 0 or the time of deletion. Times are milliseconds since 1970.

CREATE TABLE domain (
    domain     bigint  PRIMARY KEY,
    name       text    NOT NULL,
    is_default boolean NOT NULL,
    rev        bigint  NOT NULL,
    deleted    bigint  NOT NULL
);
CREATE UNIQUE INDEX domain_default ON domain (is_default) WHERE is_default;
CREATE INDEX domain_rev ON domain (rev);

-- The names of the living domains (place 0) and their host names, together, so
-- that no two domains claim the same.
CREATE TABLE domain_host (
    name   text    COLLATE "C" PRIMARY KEY,
    domain bigint  NOT NULL REFERENCES domain (domain),
    place  integer NOT NULL
);
CREATE INDEX domain_host_domain ON domain_host (domain, place);

CREATE TABLE object (
    domain       bigint   NOT NULL REFERENCES domain (domain),
    object       bigint   NOT NULL,
    kind         smallint NOT NULL, -- 0 user, 1 app object
    sip          text     NOT NULL,
    sip_key      text     COLLATE "C" NOT NULL, -- sip without regard to case
    num          text     COLLATE "C" NOT NULL,
    dn           text     NOT NULL,
    cn           text     NOT NULL,
    guid         text     COLLATE "C" NOT NULL,
    disabled     boolean  NOT NULL,
    override_cli boolean  NOT NULL,
    apis         text[]   NOT NULL,
    url          text     NOT NULL,
    apps         text[]   NOT NULL,
    secret       bytea,             -- sealed password
    rev          bigint   NOT NULL,
    deleted      bigint   NOT NULL,
    PRIMARY KEY (domain, object)
);
CREATE UNIQUE INDEX object_id   ON object (object);
CREATE UNIQUE INDEX object_guid ON object (guid);
CREATE UNIQUE INDEX object_sip  ON object (domain, sip_key) WHERE deleted = 0;
CREATE UNIQUE INDEX object_num  ON object (domain, num) WHERE deleted = 0 AND num <> '';
CREATE INDEX object_rev ON object (rev);

CREATE TABLE device (
    domain     bigint  NOT NULL,
    object     bigint  NOT NULL,
    hw_key     text    COLLATE "C" NOT NULL, -- hw without regard to case
    hw         text    NOT NULL,
    text       text    NOT NULL,
    app        text    NOT NULL,
    single_reg boolean NOT NULL,
    place      integer NOT NULL,
    PRIMARY KEY (domain, object, hw_key),
    FOREIGN KEY (domain, object) REFERENCES object (domain, object)
);

CREATE TABLE session (
    domain     bigint  NOT NULL,
    object     bigint  NOT NULL,
    session    text    COLLATE "C" NOT NULL,
    user_agent text    NOT NULL,
    created    bigint  NOT NULL,
    used       bigint  NOT NULL,
    code       integer NOT NULL,
    pending    boolean NOT NULL, -- needs authorization
    token      text    NOT NULL, -- for pushes
    wake       text[]  NOT NULL,
    secret     bytea,            -- sealed password
    rev        bigint  NOT NULL,
    deleted    bigint  NOT NULL,
    PRIMARY KEY (domain, object, session),
    FOREIGN KEY (domain, object) REFERENCES object (domain, object)
);
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
