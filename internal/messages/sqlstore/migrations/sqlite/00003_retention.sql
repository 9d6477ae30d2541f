-- +goose Up

-- How long messages and their files are kept, in days; 0: always. id: dom << 44 |
-- number of the conversation, or of the domain itself dom << 44.
CREATE TABLE rule (
    id       INTEGER PRIMARY KEY,
    messages INTEGER NOT NULL,
    files    INTEGER NOT NULL,
    changed  INTEGER NOT NULL
) STRICT;
