CREATE TABLE scripts (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    source TEXT NOT NULL,
    language TEXT NOT NULL,
    properties TEXT NOT NULL,
    level BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    error TEXT,
    updated_at BIGINT NOT NULL
);
CREATE TABLE logins (
    id TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    acr TEXT NOT NULL,
    state TEXT NOT NULL,
    page TEXT NOT NULL,
    session TEXT NOT NULL,
    messages TEXT NOT NULL,
    person_id TEXT,
    authentication TEXT,
    attempts BIGINT NOT NULL,
    version BIGINT NOT NULL,
    parked TEXT NOT NULL,
    resume_path TEXT NOT NULL,
    cancel_url TEXT,
    client_name TEXT,
    login_hint TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX logins_by_expiry ON logins (expires_at);
CREATE TABLE browser_sessions (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    authentications TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);
CREATE INDEX browser_sessions_by_person ON browser_sessions (person_id);
CREATE TABLE tries (
    key TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tries_by_expiry ON tries (expires_at);
CREATE TABLE script_cache (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX script_cache_by_expiry ON script_cache (expires_at);
