-- The discovery cache of the openid-connect plugin: what is known of a provider, and the session secret made for it.
CREATE TABLE openid_connect_issuers (
    id TEXT CONSTRAINT openid_connect_issuers__id PRIMARY KEY,
    issuer TEXT NOT NULL CONSTRAINT openid_connect_issuers__issuer UNIQUE,
    configuration TEXT,
    jwks TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    discovered_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
-- Counts what other nodes must notice: deleted providers, rotated keys.
INSERT INTO epochs (name, value) VALUES ('openid_connect', 0);
