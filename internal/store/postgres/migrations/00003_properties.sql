-- +goose Up

-- settings of a domain, properties of an object: JSON, as the directory
-- writes it. node: the numbering node of the object; template: id of the config
-- template, 0 without one.
ALTER TABLE domain ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE object ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE object ADD COLUMN template BIGINT NOT NULL DEFAULT 0;
ALTER TABLE object ADD COLUMN properties TEXT NOT NULL DEFAULT '{}';
ALTER TABLE device ADD COLUMN admin BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE device ADD COLUMN no_filter BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE device ADD COLUMN tls BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE device ADD COLUMN no_mob BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE device ADD COLUMN trusted BOOLEAN NOT NULL DEFAULT false;

-- Numbers are unique in their node.
DROP INDEX object_num;
CREATE UNIQUE INDEX object_num ON object (domain, node, num) WHERE deleted = 0 AND num <> '';

-- Tombstones that can still be restored.
CREATE INDEX object_deleted ON object (domain, deleted) WHERE deleted > 0;

-- +goose Down

DROP INDEX object_deleted;
DROP INDEX object_num;
CREATE UNIQUE INDEX object_num ON object (domain, num) WHERE deleted = 0 AND num <> '';
ALTER TABLE device DROP COLUMN trusted;
ALTER TABLE device DROP COLUMN no_mob;
ALTER TABLE device DROP COLUMN tls;
ALTER TABLE device DROP COLUMN no_filter;
ALTER TABLE device DROP COLUMN admin;
ALTER TABLE object DROP COLUMN properties;
ALTER TABLE object DROP COLUMN template;
ALTER TABLE object DROP COLUMN node;
ALTER TABLE domain DROP COLUMN settings;
