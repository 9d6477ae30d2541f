-- +goose Up

-- How long messages and their files are kept, in days; 0: always. id: dom << 44 |
-- number of the conversation, or of the domain itself dom << 44.
CREATE TABLE rule (
    id       BIGINT PRIMARY KEY,
    messages BIGINT NOT NULL,
    files    BIGINT NOT NULL,
    changed  BIGINT NOT NULL
);
