-- +goose Up

-- Administrators. Times are milliseconds since 1970, 0 is none.

CREATE TABLE admin_setup (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    next_id INTEGER NOT NULL, -- of accounts, never given twice
    link    BLOB,             -- hash of the one-time link
    expires INTEGER NOT NULL
) STRICT;
INSERT INTO admin_setup (one, next_id, link, expires) VALUES (1, 1, NULL, 0);

CREATE TABLE admin_account (
    account          INTEGER PRIMARY KEY,
    name             TEXT    NOT NULL UNIQUE, -- lower case
    password         TEXT    NOT NULL,        -- PHC string
    grants           TEXT    NOT NULL,        -- JSON list
    disabled         INTEGER NOT NULL,
    secret           BLOB,                    -- sealed secret of the second factor
    pending          BLOB,                    -- the same, not confirmed yet
    step             INTEGER NOT NULL,        -- last time step that was used
    created          INTEGER NOT NULL,
    password_changed INTEGER NOT NULL,
    last_login       INTEGER NOT NULL,
    rev              INTEGER NOT NULL
) STRICT;

CREATE TABLE admin_recovery (
    account INTEGER NOT NULL REFERENCES admin_account (account) ON DELETE CASCADE,
    hash    BLOB    NOT NULL,
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE admin_session (
    session    TEXT    PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES admin_account (account) ON DELETE CASCADE,
    hash       BLOB    NOT NULL UNIQUE, -- of the value of the cookie
    created    INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL
) STRICT;
CREATE INDEX admin_session_account ON admin_session (account);

CREATE TABLE admin_token (
    token   TEXT    PRIMARY KEY,
    account INTEGER NOT NULL, -- 0: belongs to none
    name    TEXT    NOT NULL,
    hash    BLOB    NOT NULL UNIQUE,
    grants  TEXT    NOT NULL, -- JSON list
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;

-- +goose Down

DROP TABLE admin_token;
DROP TABLE admin_session;
DROP TABLE admin_recovery;
DROP TABLE admin_account;
DROP TABLE admin_setup;
