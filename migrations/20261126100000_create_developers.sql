-- The developer portal's accounts. One person registers in each workspace separately. E-mail addresses are kept in lower
-- case, so that the unique constraint does not tell cases apart.
CREATE TABLE developers (
    id TEXT CONSTRAINT developers__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    custom_id TEXT,
    status BIGINT NOT NULL,
    status_reason TEXT,
    must_verify BIGINT NOT NULL,
    meta TEXT NOT NULL,
    password_hash TEXT,
    failed_logins BIGINT NOT NULL,
    consumer_id TEXT NOT NULL CONSTRAINT developers__consumer_id UNIQUE,
    last_login_at BIGINT,
    -- From this second on an account that its owner disowned is removed.
    purge_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT developers__ws_id__email UNIQUE (ws_id, email),
    CONSTRAINT developers__ws_id__custom_id UNIQUE (ws_id, custom_id)
);
CREATE INDEX developers_by_status ON developers (ws_id, status, id);

-- A sign-in of a developer. The cookie holds the key; only its hash is here.
CREATE TABLE portal_sessions (
    id TEXT CONSTRAINT portal_sessions__id PRIMARY KEY,
    key_hash TEXT NOT NULL CONSTRAINT portal_sessions__key_hash UNIQUE,
    developer_id TEXT NOT NULL REFERENCES developers (id) ON DELETE CASCADE,
    -- A limited session shows the state of the account and nothing else.
    is_limited BIGINT NOT NULL,
    client TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL
);
CREATE INDEX portal_sessions_by_developer ON portal_sessions (developer_id);

-- Links in mails: single use, bound to a purpose, one of each purpose for a developer.
CREATE TABLE portal_tokens (
    token_hash TEXT CONSTRAINT portal_tokens__token_hash PRIMARY KEY,
    developer_id TEXT NOT NULL REFERENCES developers (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    -- The address that a change of address confirms.
    email TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT portal_tokens__developer_id__purpose UNIQUE (developer_id, purpose)
);
CREATE INDEX portal_tokens_by_end ON portal_tokens (expires_at);

-- Mails on their way. Their content is sealed, because it holds links that open accounts. Sent ones are gone.
CREATE TABLE mails (
    id TEXT CONSTRAINT mails__id PRIMARY KEY,
    ws_id TEXT REFERENCES workspaces (id) ON DELETE CASCADE,
    template TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sealed TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- NULL: given up.
    due_at BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX mails_by_due ON mails (due_at);
