-- The portal's catalogue, applications and what stands for them in Kong.

CREATE TABLE auth_strategies (
    id TEXT CONSTRAINT auth_strategies__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    strategy_type TEXT NOT NULL,
    configs TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT auth_strategies__ws_id__name UNIQUE (ws_id, name)
);

-- has_gate: Kong must guard the service. is_missing: Kong has lost the service.
CREATE TABLE published_apis (
    id TEXT CONSTRAINT published_apis__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    service_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT,
    document TEXT,
    visibility TEXT NOT NULL,
    auth_strategy_id TEXT NOT NULL REFERENCES auth_strategies (id),
    auto_approve BIGINT NOT NULL,
    registration_enabled BIGINT NOT NULL,
    is_published BIGINT NOT NULL,
    has_gate BIGINT NOT NULL,
    is_missing BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT published_apis__ws_id__service_id UNIQUE (ws_id, service_id),
    CONSTRAINT published_apis__ws_id__name UNIQUE (ws_id, name),
    CONSTRAINT published_apis__ws_id__slug UNIQUE (ws_id, slug)
);
CREATE INDEX published_apis_by_strategy ON published_apis (auth_strategy_id);

-- An application outlives its developer until Kong has confirmed that it is gone: no reference to the developer.
CREATE TABLE applications (
    id TEXT CONSTRAINT applications__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    developer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    redirect_uris TEXT NOT NULL,
    custom_id TEXT,
    auth_strategy_id TEXT NOT NULL REFERENCES auth_strategies (id),
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT applications__developer_id__name UNIQUE (developer_id, name),
    CONSTRAINT applications__ws_id__custom_id UNIQUE (ws_id, custom_id)
);
CREATE INDEX applications_by_developer ON applications (developer_id, id);
CREATE INDEX applications_by_workspace ON applications (ws_id, id);
CREATE INDEX applications_by_strategy ON applications (auth_strategy_id);

-- suspended: bits of causes. ending: what Kong must confirm before it counts.
CREATE TABLE contracts (
    id TEXT CONSTRAINT contracts__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    api_id TEXT NOT NULL REFERENCES published_apis (id) ON DELETE CASCADE,
    status BIGINT NOT NULL,
    suspended BIGINT NOT NULL,
    ending TEXT NOT NULL,
    reason TEXT,
    comment TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT contracts__application_id__api_id UNIQUE (application_id, api_id)
);
CREATE INDEX contracts_by_api ON contracts (api_id, id);
CREATE INDEX contracts_by_workspace ON contracts (ws_id, status, id);

CREATE TABLE application_credentials (
    id TEXT CONSTRAINT application_credentials__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    value_hash TEXT NOT NULL CONSTRAINT application_credentials__value_hash UNIQUE,
    sealed_value TEXT NOT NULL,
    status TEXT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX application_credentials_by_application ON application_credentials (application_id, id);

-- Outbox: one row for each API or application whose state in Kong may differ from the one wanted. generation counts the
-- changes: a worker removes the row only if it still is what it was when the work began. Until uncertain_until a write that
-- nobody answered may still take effect: the row stays, and nothing that takes away counts as done.
CREATE TABLE gateway_changes (
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    cause TEXT NOT NULL,
    request_id TEXT NOT NULL,
    actor TEXT,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    uncertain_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT gateway_changes__kind__subject_id PRIMARY KEY (kind, subject_id)
);
CREATE INDEX gateway_changes_by_time ON gateway_changes (next_attempt_at);

-- What is known of Kong's side: kind `api`, `application`, or what was found there and belongs to nobody (`orphan`).
CREATE TABLE gateway_objects (
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    sync_state TEXT NOT NULL,
    detail TEXT,
    checked_at BIGINT NOT NULL,
    CONSTRAINT gateway_objects__kind__subject_id PRIMARY KEY (kind, subject_id)
);
CREATE INDEX gateway_objects_by_workspace ON gateway_objects (ws_id, kind);

-- Whole comparisons with Kong: the node that moves started_at does the next one.
CREATE TABLE gateway_scans (
    ws_id TEXT CONSTRAINT gateway_scans__ws_id PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    problem TEXT
);
