-- +goose Up

-- The audit log. Rows are numbered from 1 without a gap; previous is the hash
-- of the row before. Times are milliseconds since 1970.
CREATE TABLE audit (
    number      bigint PRIMARY KEY,
    time        bigint NOT NULL,
    actor_kind  text   COLLATE "C" NOT NULL,
    actor_id    text   COLLATE "C" NOT NULL,
    actor_name  text   COLLATE "C" NOT NULL,
    actor_role  text   COLLATE "C" NOT NULL,
    from_addr   text   COLLATE "C" NOT NULL,
    act         text   COLLATE "C" NOT NULL,
    domain      bigint NOT NULL, -- 0: none
    domain_name text   COLLATE "C" NOT NULL,
    object_kind text   COLLATE "C" NOT NULL,
    object_id   text   COLLATE "C" NOT NULL,
    object_name text   COLLATE "C" NOT NULL,
    outcome     text   COLLATE "C" NOT NULL,
    code        text   COLLATE "C" NOT NULL,
    reason      text   COLLATE "C" NOT NULL,
    details     text   COLLATE "C" NOT NULL, -- JSON list of name, old and new
    previous    bytea  NOT NULL,
    hash        bytea  NOT NULL
);
CREATE INDEX audit_domain ON audit (domain, number);
CREATE INDEX audit_object ON audit (object_kind, object_id, number);
CREATE INDEX audit_actor  ON audit (actor_name, number);

-- Against accidents: who means harm can remove these, but not the hashes.
-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- One row: the newest row of the log, and the newest one whose head was signed.
CREATE TABLE audit_head (
    one    smallint PRIMARY KEY CHECK (one = 1),
    number bigint   NOT NULL,
    hash   bytea    NOT NULL,
    signed bigint   NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit_head (one, number, hash, signed) VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0);

CREATE TABLE audit_signed (
    number    bigint PRIMARY KEY,
    time      bigint NOT NULL,
    hash      bytea  NOT NULL,
    signature bytea  NOT NULL
);

-- The key that signs heads.
CREATE TABLE audit_key (
    one    smallint PRIMARY KEY CHECK (one = 1),
    public bytea    NOT NULL,
    secret bytea    NOT NULL -- sealed
);

-- +goose Down

DROP TABLE audit_key;
DROP TABLE audit_signed;
DROP TABLE audit_head;
DROP TABLE audit;
DROP FUNCTION audit_refuse();
