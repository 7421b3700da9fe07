-- Identities of developers at an identity provider: the issuer's name and the subject there, never an address alone.
CREATE TABLE developer_identities (
    id TEXT CONSTRAINT developer_identities__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    developer_id TEXT NOT NULL REFERENCES developers (id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- The address that the provider told last.
    email TEXT,
    created_at BIGINT NOT NULL,
    last_login_at BIGINT,
    CONSTRAINT developer_identities__ws_id__issuer__subject UNIQUE (ws_id, issuer, subject)
);
CREATE INDEX developer_identities_by_developer ON developer_identities (developer_id);

-- Identities that were proven and belong to nobody yet: while a registration form is filled in, or a password is typed
-- to link an account. The cookie holds the key; only its hash is here. Good once.
CREATE TABLE pending_identities (
    key_hash TEXT CONSTRAINT pending_identities__key_hash PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pending_identities_by_end ON pending_identities (expires_at);

-- The ID token of a sign-in through a provider, sealed: the provider wants to see it at the sign-out.
ALTER TABLE portal_sessions ADD COLUMN sealed_id_token TEXT;
