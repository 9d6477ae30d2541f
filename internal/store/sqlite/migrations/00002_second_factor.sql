-- +goose Up

-- second_factor: a login of the user with the password must be confirmed on
-- another session. home: the home screen of the user, a comma list of links.
ALTER TABLE object ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE object ADD COLUMN home TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE object DROP COLUMN home;
ALTER TABLE object DROP COLUMN second_factor;
