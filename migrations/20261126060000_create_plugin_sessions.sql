-- Sessions of the openid-connect plugin with session_storage = database. Keys are hashes of ids, contents are sealed.
CREATE TABLE plugin_sessions (
    key_hash TEXT CONSTRAINT plugin_sessions__key_hash PRIMARY KEY,
    sealed TEXT NOT NULL,
    is_replaced BIGINT NOT NULL,
    issuer TEXT,
    subject TEXT,
    idp_session TEXT,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL
);
CREATE INDEX plugin_sessions_by_subject ON plugin_sessions (issuer, subject);
CREATE INDEX plugin_sessions_by_idp_session ON plugin_sessions (issuer, idp_session);
CREATE INDEX plugin_sessions_by_end ON plugin_sessions (expires_at);
