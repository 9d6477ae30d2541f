-- +goose Up

-- Administrators. Times are milliseconds since 1970, 0 is none. next_id is that of
-- accounts, never given twice; link is the hash of the one-time link.
CREATE TABLE admin_setup (
    one     smallint PRIMARY KEY CHECK (one = 1),
    next_id bigint   NOT NULL,
    link    bytea,
    expires bigint   NOT NULL
);
INSERT INTO admin_setup (one, next_id, link, expires) VALUES (1, 1, NULL, 0);

CREATE TABLE admin_account (
    account          bigint  PRIMARY KEY,
    name             text    COLLATE "C" NOT NULL UNIQUE, -- lower case
    password         text    NOT NULL,                    -- PHC string
    grants           text    NOT NULL,                    -- JSON list
    disabled         boolean NOT NULL,
    secret           bytea,           -- sealed secret of the second factor
    pending          bytea,           -- the same, not confirmed yet
    step             bigint  NOT NULL, -- last time step that was used
    created          bigint  NOT NULL,
    password_changed bigint  NOT NULL,
    last_login       bigint  NOT NULL,
    rev              bigint  NOT NULL
);

CREATE TABLE admin_recovery (
    account bigint NOT NULL REFERENCES admin_account ON DELETE CASCADE,
    hash    bytea  NOT NULL,
    PRIMARY KEY (account, hash)
);

CREATE TABLE admin_session (
    session    text   COLLATE "C" PRIMARY KEY,
    account    bigint NOT NULL REFERENCES admin_account ON DELETE CASCADE,
    hash       bytea  NOT NULL UNIQUE, -- of the value of the cookie
    created    bigint NOT NULL,
    used       bigint NOT NULL,
    expires    bigint NOT NULL,
    address    text   NOT NULL,
    user_agent text   NOT NULL
);
CREATE INDEX admin_session_account ON admin_session (account);

CREATE TABLE admin_token (
    token   text   COLLATE "C" PRIMARY KEY,
    account bigint NOT NULL, -- 0: belongs to none
    name    text   COLLATE "C" NOT NULL,
    hash    bytea  NOT NULL UNIQUE,
    grants  text   NOT NULL, -- JSON list
    created bigint NOT NULL,
    expires bigint NOT NULL,
    used    bigint NOT NULL,
    UNIQUE (account, name)
);

-- +goose Down

DROP TABLE admin_token;
DROP TABLE admin_session;
DROP TABLE admin_recovery;
DROP TABLE admin_account;
DROP TABLE admin_setup;
