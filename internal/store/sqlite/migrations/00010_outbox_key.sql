-- +goose Up

-- A text of the outbox is there once: key is the author's id of it, and part tells the
-- posts of one text apart (0 is the first, 1 the second, for a service that knows only
-- what is published). Rows with the same key that are there already count as one text.
ALTER TABLE outbox ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET part = x.n
    FROM (SELECT id, row_number() OVER (PARTITION BY domain, object, author, key ORDER BY id) - 1 AS n FROM outbox) AS x
    WHERE x.id = outbox.id AND x.n > 0;
CREATE UNIQUE INDEX outbox_key ON outbox (domain, object, author, key, part);

-- +goose Down

DROP INDEX outbox_key;
ALTER TABLE outbox DROP COLUMN part;
