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
    dom   BIGINT PRIMARY KEY,
    name  TEXT    NOT NULL UNIQUE,
    head  BIGINT  NOT NULL,
    heads BIGINT  NOT NULL,
    floor BIGINT  NOT NULL,
    epoch BIGINT  NOT NULL
) WITH (fillfactor = 50);

-- sip_key is sip in lower case; both are '' when somebody else took the name.
CREATE TABLE person (
    id      BIGINT PRIMARY KEY,
    dom     BIGINT  NOT NULL,
    guid    TEXT    NOT NULL,
    sip     TEXT    NOT NULL,
    sip_key TEXT    NOT NULL,
    name    TEXT    NOT NULL
);
CREATE UNIQUE INDEX person_guid ON person (dom, guid) WHERE guid <> '';
CREATE UNIQUE INDEX person_sip ON person (dom, sip_key) WHERE sip_key <> '';

-- p1, p2: pair: the two, the smaller first; own: owner, partner; group: its own
-- id, 0; topic: the person that the topic's name is, 0. last_mid bounds the
-- messages; the row may be gone. newest_ columns: the furthest mark of anybody.
CREATE TABLE conv (
    id            BIGINT PRIMARY KEY,
    kind          BIGINT  NOT NULL,
    p1            BIGINT  NOT NULL,
    p2            BIGINT  NOT NULL,
    title         TEXT    NOT NULL DEFAULT '',
    created       BIGINT  NOT NULL,
    gone          BIGINT  NOT NULL DEFAULT 0,
    announce      BIGINT  NOT NULL DEFAULT 0,
    open          BIGINT  NOT NULL DEFAULT 0,
    history       BIGINT  NOT NULL DEFAULT 0,
    marks         BIGINT  NOT NULL DEFAULT 0,
    members       BIGINT  NOT NULL DEFAULT 0,
    last_mid      BIGINT  NOT NULL DEFAULT 0,
    last_n        BIGINT  NOT NULL DEFAULT 0,
    last_seq      BIGINT  NOT NULL DEFAULT 0,
    last_ts       BIGINT  NOT NULL DEFAULT 0,
    newest_dlv    BIGINT  NOT NULL DEFAULT 0,
    newest_dlv_ts BIGINT  NOT NULL DEFAULT 0,
    newest_rd     BIGINT  NOT NULL DEFAULT 0,
    newest_rd_ts  BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX conv_people ON conv (p1, p2, kind);

CREATE TABLE member (
    person       BIGINT  NOT NULL,
    conv         BIGINT  NOT NULL,
    role         BIGINT  NOT NULL,
    joined       BIGINT  NOT NULL,
    visible_from BIGINT  NOT NULL,
    left_at      BIGINT  NOT NULL,
    muted_until  BIGINT  NOT NULL,
    PRIMARY KEY (person, conv)
);
CREATE INDEX member_conv ON member (conv, person);

-- dlv, rd: ordinals; own: the person's own messages behind rd; seq: the number of
-- the last change.
CREATE TABLE cursor (
    conv    BIGINT  NOT NULL,
    person  BIGINT  NOT NULL,
    dlv     BIGINT  NOT NULL DEFAULT 0,
    dlv_mid BIGINT  NOT NULL DEFAULT 0,
    dlv_ts  BIGINT  NOT NULL DEFAULT 0,
    rd      BIGINT  NOT NULL DEFAULT 0,
    rd_mid  BIGINT  NOT NULL DEFAULT 0,
    rd_ts   BIGINT  NOT NULL DEFAULT 0,
    own     BIGINT  NOT NULL DEFAULT 0,
    seq     BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (conv, person)
) WITH (fillfactor = 50);

-- bits: what other tables have of the message (files 1, reactions 2, pin 4, post
-- of type 0 8).
CREATE TABLE msg (
    mid     BIGINT PRIMARY KEY,
    conv    BIGINT  NOT NULL,
    n       BIGINT  NOT NULL,
    author  BIGINT  NOT NULL,
    ts      BIGINT  NOT NULL,
    kind    BIGINT  NOT NULL,
    bits    BIGINT  NOT NULL,
    cid     TEXT    NOT NULL,
    mime    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    ext     TEXT    NOT NULL,
    alt     TEXT    NOT NULL,
    reply   BIGINT  NOT NULL,
    edited  BIGINT  NOT NULL,
    expires BIGINT  NOT NULL
);
CREATE UNIQUE INDEX msg_conv ON msg (conv, mid);
CREATE INDEX msg_expires ON msg (expires) WHERE expires > 0;

-- The other changes of the log. person: who did it, or whom it is about.
CREATE TABLE ev (
    seq    BIGINT PRIMARY KEY,
    conv   BIGINT  NOT NULL,
    kind   BIGINT  NOT NULL,
    ref    BIGINT  NOT NULL,
    person BIGINT  NOT NULL,
    role   BIGINT  NOT NULL,
    ts     BIGINT  NOT NULL,
    data   TEXT    NOT NULL
);
CREATE INDEX ev_conv ON ev (conv, seq);

-- Ordinals whose message is gone, so that unread stays exact.
CREATE TABLE tomb (
    conv   BIGINT  NOT NULL,
    n      BIGINT  NOT NULL,
    author BIGINT  NOT NULL,
    PRIMARY KEY (conv, n)
);

-- Keys against duplicates. h: a hash of the sender's id, or mid where it gave none:
-- so the table also finds what somebody has written.
CREATE TABLE idem (
    author BIGINT  NOT NULL,
    h      BIGINT  NOT NULL,
    mid    BIGINT  NOT NULL,
    PRIMARY KEY (author, h)
);

CREATE TABLE react (
    mid    BIGINT  NOT NULL,
    person BIGINT  NOT NULL,
    emoji  TEXT    NOT NULL,
    seq    BIGINT  NOT NULL,
    PRIMARY KEY (mid, person, emoji)
);

CREATE TABLE pin (
    conv   BIGINT  NOT NULL,
    mid    BIGINT  NOT NULL,
    person BIGINT  NOT NULL,
    seq    BIGINT  NOT NULL,
    PRIMARY KEY (conv, mid)
);

CREATE TABLE draft (
    person BIGINT  NOT NULL,
    conv   BIGINT  NOT NULL,
    body   TEXT    NOT NULL,
    ts     BIGINT  NOT NULL,
    seq    BIGINT  NOT NULL,
    PRIMARY KEY (person, conv)
);

CREATE TABLE fileref (
    id       BIGINT PRIMARY KEY,
    mid      BIGINT  NOT NULL,
    owner    BIGINT  NOT NULL,
    hash     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    size     BIGINT  NOT NULL,
    width    BIGINT  NOT NULL,
    height   BIGINT  NOT NULL,
    duration BIGINT  NOT NULL,
    thumb    BIGINT  NOT NULL,
    created  BIGINT  NOT NULL
);
CREATE INDEX fileref_mid ON fileref (mid);
CREATE INDEX fileref_hash ON fileref (hash);

-- Posts of type 0. root: the first post of the discussion. tags and notify are
-- lists in JSON.
CREATE TABLE post (
    mid    BIGINT PRIMARY KEY,
    root   BIGINT  NOT NULL,
    title  TEXT    NOT NULL,
    tags   TEXT    NOT NULL,
    notify TEXT    NOT NULL
);
CREATE INDEX post_root ON post (root, mid);

CREATE TABLE liked (
    mid    BIGINT  NOT NULL,
    person BIGINT  NOT NULL,
    PRIMARY KEY (mid, person)
);
CREATE INDEX liked_person ON liked (person, mid);

CREATE TABLE readpost (
    person BIGINT  NOT NULL,
    root   BIGINT  NOT NULL,
    mid    BIGINT  NOT NULL,
    seq    BIGINT  NOT NULL,
    PRIMARY KEY (person, root)
);

CREATE TABLE bcast (
    id     BIGINT PRIMARY KEY,
    author BIGINT  NOT NULL,
    name   TEXT    NOT NULL,
    ts     BIGINT  NOT NULL,
    total  BIGINT  NOT NULL,
    UNIQUE (author, name)
);
CREATE TABLE bcastmsg (
    bcast  BIGINT  NOT NULL,
    person BIGINT  NOT NULL,
    conv   BIGINT  NOT NULL,
    mid    BIGINT  NOT NULL,
    PRIMARY KEY (bcast, person)
);

-- The first message of each hour (key: dom << 44 | hours since 1970): retention
-- needs no index on the time.
CREATE TABLE tick (
    hour BIGINT PRIMARY KEY,
    mid  BIGINT  NOT NULL
);

-- Legal holds. One of person and conv is 0.
CREATE TABLE hold (
    person BIGINT  NOT NULL,
    conv   BIGINT  NOT NULL,
    since  BIGINT  NOT NULL,
    note   TEXT    NOT NULL,
    PRIMARY KEY (person, conv)
);
