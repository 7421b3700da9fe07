-- One history for SQLite and PostgreSQL: ids and JSON as TEXT, times as seconds in BIGINT, booleans as 0 and 1.
CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    comment TEXT,
    config TEXT NOT NULL,
    meta TEXT NOT NULL,
    upstream_admin_url TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE rbac_users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    user_token TEXT,
    user_token_ident TEXT,
    enabled BIGINT NOT NULL,
    comment TEXT,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX rbac_users_by_ident ON rbac_users (user_token_ident);

CREATE TABLE admins (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    username_lower TEXT NOT NULL,
    custom_id TEXT UNIQUE,
    email TEXT UNIQUE,
    status BIGINT NOT NULL,
    rbac_token_enabled BIGINT NOT NULL,
    rbac_user_id TEXT NOT NULL UNIQUE REFERENCES rbac_users (id) ON DELETE CASCADE,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    issuer TEXT,
    subject TEXT,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX admins_by_username_lower ON admins (username_lower);

CREATE TABLE rbac_roles (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    comment TEXT,
    is_default BIGINT NOT NULL,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (ws_id, name, is_default)
);

CREATE TABLE rbac_role_endpoints (
    role_id TEXT NOT NULL REFERENCES rbac_roles (id) ON DELETE CASCADE,
    workspace TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    actions BIGINT NOT NULL,
    negative BIGINT NOT NULL,
    comment TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (role_id, workspace, endpoint)
);

CREATE TABLE rbac_user_roles (
    user_id TEXT NOT NULL REFERENCES rbac_users (id) ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES rbac_roles (id) ON DELETE CASCADE,
    role_source TEXT NOT NULL,
    PRIMARY KEY (user_id, role_id)
);

CREATE TABLE idp_groups (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    comment TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE group_rbac_roles (
    group_id TEXT NOT NULL REFERENCES idp_groups (id) ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES rbac_roles (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, role_id, workspace_id)
);

CREATE TABLE rbac_user_groups (
    user_id TEXT NOT NULL REFERENCES rbac_users (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES idp_groups (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
);

CREATE TABLE admin_group_values (
    admin_id TEXT NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (admin_id, value)
);

-- Sign-ins: who, through which identity, until when; tokens sealed.
CREATE TABLE login_sessions (
    id TEXT PRIMARY KEY,
    key_hash TEXT NOT NULL UNIQUE,
    admin_id TEXT NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    rbac_user_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    idp_session TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    token_expires_at BIGINT,
    sealed_tokens TEXT,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE web_sessions (
    key_hash TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Login states that were used: a second use is refused until the state would have expired anyway.
CREATE TABLE consumed_states (
    state_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- Counters that tell every node of a change: caches made under an older count are not used.
CREATE TABLE epochs (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO epochs (name, value) VALUES ('rbac', 1), ('sessions', 1);

CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE audit_requests (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    client_ip TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    rbac_user_id TEXT,
    rbac_user_name TEXT,
    request_source TEXT,
    request_timestamp BIGINT NOT NULL,
    status BIGINT NOT NULL,
    workspace TEXT,
    verdict TEXT NOT NULL,
    rule TEXT
);
CREATE INDEX audit_requests_by_time ON audit_requests (request_timestamp, id);
CREATE INDEX audit_requests_by_request ON audit_requests (request_id);

CREATE TABLE audit_objects (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    request_timestamp BIGINT NOT NULL,
    dao_name TEXT NOT NULL,
    entity_key TEXT NOT NULL,
    entity TEXT NOT NULL,
    operation TEXT NOT NULL,
    rbac_user_id TEXT
);
CREATE INDEX audit_objects_by_time ON audit_objects (request_timestamp, id);
