ALTER TABLE logins ADD COLUMN evidence TEXT;
UPDATE logins SET evidence = 'password' WHERE person_id IS NOT NULL;
ALTER TABLE logins ADD COLUMN away_at BIGINT;
CREATE INDEX logins_by_browser ON logins (browser);
ALTER TABLE browser_sessions ADD COLUMN attributes TEXT;
