-- Other strategies than API keys: credentials of more kinds, and the keys with which identity providers sign.

-- identifier: client id or name of a key, unique among those of its kind. is_hashed: Kong keeps a hash of the secret.
ALTER TABLE application_credentials ADD COLUMN kind TEXT NOT NULL DEFAULT 'api_key';
ALTER TABLE application_credentials ADD COLUMN identifier TEXT;
ALTER TABLE application_credentials ADD COLUMN algorithm TEXT;
ALTER TABLE application_credentials ADD COLUMN is_hashed BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX application_credentials__kind__identifier ON application_credentials (kind, identifier);

ALTER TABLE published_apis ADD COLUMN show_issuer BIGINT NOT NULL DEFAULT 0;

-- The key with which the provider of a strategy signs, as the gateway holds it; no public_key: the provider withdrew it.
-- The node that moves checked_at asks the provider next.
CREATE TABLE strategy_keys (
    strategy_id TEXT CONSTRAINT strategy_keys__strategy_id PRIMARY KEY REFERENCES auth_strategies (id) ON DELETE CASCADE,
    kid TEXT,
    algorithm TEXT,
    public_key TEXT,
    chosen_at BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    problem TEXT
);
CREATE INDEX strategy_keys_by_time ON strategy_keys (checked_at);
