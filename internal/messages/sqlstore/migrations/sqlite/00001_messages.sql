-- +goose Up

-- A key of a row is dom << 44 | number, where dom is the domain and number the
-- value of the counter of its log: so every key begins with its domain. Numbers
-- that are visible outside are the lower 44 bits. Times are milliseconds since
-- 1970.

-- One row for each domain. head: the newest number. heads: derived rows (the
-- last_ columns of conv, own of cursor) are complete up to here. floor: the
-- oldest number from which a client can synchronise. epoch: changes when numbers
-- start anew.
CREATE TABLE part (
    dom   INTEGER PRIMARY KEY,
    name  TEXT    NOT NULL UNIQUE,
    head  INTEGER NOT NULL,
    heads INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    epoch INTEGER NOT NULL
) STRICT;

-- sip_key is sip in lower case; both are '' when somebody else took the name.
CREATE TABLE person (
    id      INTEGER PRIMARY KEY,
    dom     INTEGER NOT NULL,
    guid    TEXT    NOT NULL,
    sip     TEXT    NOT NULL,
    sip_key TEXT    NOT NULL,
    name    TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_guid ON person (dom, guid) WHERE guid <> '';
CREATE UNIQUE INDEX person_sip ON person (dom, sip_key) WHERE sip_key <> '';

-- p1, p2: pair: the two, the smaller first; own: owner, partner; group: its own
-- id, 0; topic: the person that the topic's name is, 0. last_mid bounds the
-- messages; the row may be gone. newest_ columns: the furthest mark of anybody.
CREATE TABLE conv (
    id            INTEGER PRIMARY KEY,
    kind          INTEGER NOT NULL,
    p1            INTEGER NOT NULL,
    p2            INTEGER NOT NULL,
    title         TEXT    NOT NULL DEFAULT '',
    created       INTEGER NOT NULL,
    gone          INTEGER NOT NULL DEFAULT 0,
    announce      INTEGER NOT NULL DEFAULT 0,
    open          INTEGER NOT NULL DEFAULT 0,
    history       INTEGER NOT NULL DEFAULT 0,
    marks         INTEGER NOT NULL DEFAULT 0,
    members       INTEGER NOT NULL DEFAULT 0,
    last_mid      INTEGER NOT NULL DEFAULT 0,
    last_n        INTEGER NOT NULL DEFAULT 0,
    last_seq      INTEGER NOT NULL DEFAULT 0,
    last_ts       INTEGER NOT NULL DEFAULT 0,
    newest_dlv    INTEGER NOT NULL DEFAULT 0,
    newest_dlv_ts INTEGER NOT NULL DEFAULT 0,
    newest_rd     INTEGER NOT NULL DEFAULT 0,
    newest_rd_ts  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX conv_people ON conv (p1, p2, kind);

CREATE TABLE member (
    person       INTEGER NOT NULL,
    conv         INTEGER NOT NULL,
    role         INTEGER NOT NULL,
    joined       INTEGER NOT NULL,
    visible_from INTEGER NOT NULL,
    left_at      INTEGER NOT NULL,
    muted_until  INTEGER NOT NULL,
    PRIMARY KEY (person, conv)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_conv ON member (conv, person);

-- dlv, rd: ordinals; own: the person's own messages behind rd; seq: the number of
-- the last change.
CREATE TABLE cursor (
    conv    INTEGER NOT NULL,
    person  INTEGER NOT NULL,
    dlv     INTEGER NOT NULL DEFAULT 0,
    dlv_mid INTEGER NOT NULL DEFAULT 0,
    dlv_ts  INTEGER NOT NULL DEFAULT 0,
    rd      INTEGER NOT NULL DEFAULT 0,
    rd_mid  INTEGER NOT NULL DEFAULT 0,
    rd_ts   INTEGER NOT NULL DEFAULT 0,
    own     INTEGER NOT NULL DEFAULT 0,
    seq     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conv, person)
) STRICT, WITHOUT ROWID;

-- bits: what other tables have of the message (files 1, reactions 2, pin 4, post
-- of type 0 8).
CREATE TABLE msg (
    mid     INTEGER PRIMARY KEY,
    conv    INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    author  INTEGER NOT NULL,
    ts      INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    bits    INTEGER NOT NULL,
    cid     TEXT    NOT NULL,
    mime    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    ext     TEXT    NOT NULL,
    alt     TEXT    NOT NULL,
    reply   INTEGER NOT NULL,
    edited  INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX msg_conv ON msg (conv); -- holds the rowid too: it is (conv, mid)
CREATE INDEX msg_expires ON msg (expires) WHERE expires > 0;

-- The other changes of the log. person: who did it, or whom it is about.
CREATE TABLE ev (
    seq    INTEGER PRIMARY KEY,
    conv   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    ref    INTEGER NOT NULL,
    person INTEGER NOT NULL,
    role   INTEGER NOT NULL,
    ts     INTEGER NOT NULL,
    data   TEXT    NOT NULL
) STRICT;
CREATE INDEX ev_conv ON ev (conv);

-- Ordinals whose message is gone, so that unread stays exact.
CREATE TABLE tomb (
    conv   INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    author INTEGER NOT NULL,
    PRIMARY KEY (conv, n)
) STRICT, WITHOUT ROWID;

-- Keys against duplicates. h: a hash of the sender's id, or mid where it gave none:
-- so the table also finds what somebody has written.
CREATE TABLE idem (
    author INTEGER NOT NULL,
    h      INTEGER NOT NULL,
    mid    INTEGER NOT NULL,
    PRIMARY KEY (author, h)
) STRICT, WITHOUT ROWID;

CREATE TABLE react (
    mid    INTEGER NOT NULL,
    person INTEGER NOT NULL,
    emoji  TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (mid, person, emoji)
) STRICT, WITHOUT ROWID;

CREATE TABLE pin (
    conv   INTEGER NOT NULL,
    mid    INTEGER NOT NULL,
    person INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (conv, mid)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
    person INTEGER NOT NULL,
    conv   INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    ts     INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (person, conv)
) STRICT, WITHOUT ROWID;

CREATE TABLE fileref (
    id       INTEGER PRIMARY KEY,
    mid      INTEGER NOT NULL,
    owner    INTEGER NOT NULL,
    hash     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    size     INTEGER NOT NULL,
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    thumb    INTEGER NOT NULL,
    created  INTEGER NOT NULL
) STRICT;
CREATE INDEX fileref_mid ON fileref (mid);
CREATE INDEX fileref_hash ON fileref (hash);

-- Posts of type 0. root: the first post of the discussion. tags and notify are
-- lists in JSON.
CREATE TABLE post (
    mid    INTEGER PRIMARY KEY,
    root   INTEGER NOT NULL,
    title  TEXT    NOT NULL,
    tags   TEXT    NOT NULL,
    notify TEXT    NOT NULL
) STRICT;
CREATE INDEX post_root ON post (root);

CREATE TABLE liked (
    mid    INTEGER NOT NULL,
    person INTEGER NOT NULL,
    PRIMARY KEY (mid, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX liked_person ON liked (person, mid);

CREATE TABLE readpost (
    person INTEGER NOT NULL,
    root   INTEGER NOT NULL,
    mid    INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (person, root)
) STRICT, WITHOUT ROWID;

CREATE TABLE bcast (
    id     INTEGER PRIMARY KEY,
    author INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    ts     INTEGER NOT NULL,
    total  INTEGER NOT NULL,
    UNIQUE (author, name)
) STRICT;
CREATE TABLE bcastmsg (
    bcast  INTEGER NOT NULL,
    person INTEGER NOT NULL,
    conv   INTEGER NOT NULL,
    mid    INTEGER NOT NULL,
    PRIMARY KEY (bcast, person)
) STRICT, WITHOUT ROWID;

-- The first message of each hour (key: dom << 44 | hours since 1970): retention
-- needs no index on the time.
CREATE TABLE tick (
    hour INTEGER PRIMARY KEY,
    mid  INTEGER NOT NULL
) STRICT;

-- Legal holds. One of person and conv is 0.
CREATE TABLE hold (
    person INTEGER NOT NULL,
    conv   INTEGER NOT NULL,
    since  INTEGER NOT NULL,
    note   TEXT    NOT NULL,
    PRIMARY KEY (person, conv)
) STRICT, WITHOUT ROWID;
