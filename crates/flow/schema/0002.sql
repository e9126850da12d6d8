ALTER TABLE scripts ADD COLUMN usage_type TEXT NOT NULL DEFAULT 'interactive';
ALTER TABLE scripts ADD COLUMN aliases TEXT NOT NULL DEFAULT '[]';
ALTER TABLE scripts ADD COLUMN location_path TEXT;
ALTER TABLE scripts ADD COLUMN file_written_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scripts ADD COLUMN file_error TEXT;
ALTER TABLE scripts ADD COLUMN loaded_revision BIGINT;
CREATE TABLE script_names (
    name TEXT PRIMARY KEY,
    script TEXT NOT NULL
);
INSERT INTO script_names (name, script) SELECT key, key FROM scripts;
CREATE INDEX script_names_by_script ON script_names (script);
CREATE TABLE script_versions (
    key TEXT NOT NULL,
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    language TEXT NOT NULL,
    properties TEXT NOT NULL,
    level BIGINT NOT NULL,
    usage_type TEXT NOT NULL,
    aliases TEXT NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (key, revision)
);
CREATE TABLE default_acr (
    only_one BOOLEAN PRIMARY KEY,
    name TEXT NOT NULL,
    in_recovery BOOLEAN NOT NULL,
    chosen_at BIGINT NOT NULL
);
ALTER TABLE logins ADD COLUMN script_revision BIGINT;
