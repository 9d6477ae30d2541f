-- +goose Up

-- profiles: the contact lists of a user as JSON, as the directory writes them;
-- empty without any.
ALTER TABLE object ADD COLUMN profiles text NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE object DROP COLUMN profiles;
