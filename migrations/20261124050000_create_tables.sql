-- One history for SQLite and PostgreSQL: ids and JSON as TEXT, times as seconds in BIGINT, booleans as 0 and 1.
-- Unique constraints are named table__column__column: PostgreSQL reports the name, SQLite the columns.

CREATE TABLE workspaces (
    id TEXT CONSTRAINT workspaces__id PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT workspaces__name UNIQUE,
    comment TEXT,
    config TEXT NOT NULL,
    meta TEXT NOT NULL,
    upstream_admin_url TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE rbac_users (
    id TEXT CONSTRAINT rbac_users__id PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT rbac_users__name UNIQUE,
    user_token TEXT,
    user_token_ident TEXT,
    enabled BIGINT NOT NULL,
    comment TEXT,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX rbac_users_by_ident ON rbac_users (user_token_ident);
CREATE INDEX rbac_users_by_workspace ON rbac_users (ws_id, id);

-- An admin is a person; its paired RBAC user of the same name carries the rights.
CREATE TABLE admins (
    id TEXT CONSTRAINT admins__id PRIMARY KEY,
    username TEXT NOT NULL CONSTRAINT admins__username UNIQUE,
    username_lower TEXT NOT NULL,
    custom_id TEXT CONSTRAINT admins__custom_id UNIQUE,
    email TEXT CONSTRAINT admins__email UNIQUE,
    status BIGINT NOT NULL,
    rbac_token_enabled BIGINT NOT NULL,
    rbac_user_id TEXT NOT NULL CONSTRAINT admins__rbac_user_id UNIQUE REFERENCES rbac_users (id) ON DELETE CASCADE,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    issuer TEXT,
    subject TEXT,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT admins__issuer__subject UNIQUE (issuer, subject)
);
CREATE INDEX admins_by_username_lower ON admins (username_lower);
CREATE INDEX admins_by_workspace ON admins (ws_id, id);

-- owner_id: the user whose hidden default role this is; is_default = 1 exactly then.
CREATE TABLE rbac_roles (
    id TEXT CONSTRAINT rbac_roles__id PRIMARY KEY,
    name TEXT NOT NULL,
    comment TEXT,
    is_default BIGINT NOT NULL,
    owner_id TEXT CONSTRAINT rbac_roles__owner_id UNIQUE REFERENCES rbac_users (id) ON DELETE CASCADE,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT rbac_roles__ws_id__name__is_default UNIQUE (ws_id, name, is_default)
);

CREATE TABLE rbac_role_endpoints (
    role_id TEXT NOT NULL REFERENCES rbac_roles (id) ON DELETE CASCADE,
    workspace TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    actions BIGINT NOT NULL,
    negative BIGINT NOT NULL,
    comment TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT rbac_role_endpoints__role_id__workspace__endpoint PRIMARY KEY (role_id, workspace, endpoint)
);

CREATE TABLE rbac_user_roles (
    user_id TEXT NOT NULL REFERENCES rbac_users (id) ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES rbac_roles (id) ON DELETE CASCADE,
    role_source TEXT NOT NULL,
    CONSTRAINT rbac_user_roles__user_id__role_id PRIMARY KEY (user_id, role_id)
);
CREATE INDEX rbac_user_roles_by_role ON rbac_user_roles (role_id);

CREATE TABLE idp_groups (
    id TEXT CONSTRAINT idp_groups__id PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT idp_groups__name UNIQUE,
    comment TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE group_rbac_roles (
    group_id TEXT NOT NULL REFERENCES idp_groups (id) ON DELETE CASCADE,
    role_id TEXT NOT NULL REFERENCES rbac_roles (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT group_rbac_roles__group_id__role_id__workspace_id PRIMARY KEY (group_id, role_id, workspace_id)
);
CREATE INDEX group_rbac_roles_by_role ON group_rbac_roles (role_id);
CREATE INDEX group_rbac_roles_by_workspace ON group_rbac_roles (workspace_id);

-- The groups that the last sign-in put a user in.
CREATE TABLE rbac_user_groups (
    user_id TEXT NOT NULL REFERENCES rbac_users (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES idp_groups (id) ON DELETE CASCADE,
    CONSTRAINT rbac_user_groups__user_id__group_id PRIMARY KEY (user_id, group_id)
);
CREATE INDEX rbac_user_groups_by_group ON rbac_user_groups (group_id);

-- The group values of each admin's last sign-in, mapped or not.
CREATE TABLE admin_group_values (
    admin_id TEXT NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    CONSTRAINT admin_group_values__admin_id__value PRIMARY KEY (admin_id, value)
);
CREATE INDEX admin_group_values_by_value ON admin_group_values (value);

-- Sign-ins: who, through which identity, until when; tokens sealed.
CREATE TABLE login_sessions (
    id TEXT CONSTRAINT login_sessions__id PRIMARY KEY,
    admin_id TEXT NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    rbac_user_id TEXT NOT NULL REFERENCES rbac_users (id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    idp_session TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    token_expires_at BIGINT,
    sealed_tokens TEXT,
    source TEXT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL
);
CREATE INDEX login_sessions_by_admin ON login_sessions (admin_id);
CREATE INDEX login_sessions_by_user ON login_sessions (rbac_user_id);
CREATE INDEX login_sessions_by_subject ON login_sessions (issuer, subject);
CREATE INDEX login_sessions_by_idp_session ON login_sessions (issuer, idp_session);

-- What a browser's cookie stands for; the key is the hash of the secret in the cookie.
CREATE TABLE web_sessions (
    key_hash TEXT CONSTRAINT web_sessions__key_hash PRIMARY KEY,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    login_session_id TEXT REFERENCES login_sessions (id) ON DELETE CASCADE
);
CREATE INDEX web_sessions_by_login ON web_sessions (login_session_id);
CREATE INDEX web_sessions_by_expiry ON web_sessions (expires_at);

-- Login states that were used: a second use is refused until the state would have expired anyway.
CREATE TABLE consumed_states (
    state_hash TEXT CONSTRAINT consumed_states__state_hash PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX consumed_states_by_expiry ON consumed_states (expires_at);

-- Counters that tell every node of a change: caches made under an older count are not used.
CREATE TABLE epochs (
    name TEXT CONSTRAINT epochs__name PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO epochs (name, value) VALUES ('rbac', 1), ('sessions', 1);

-- Values that one node made and all share.
CREATE TABLE secrets (
    name TEXT CONSTRAINT secrets__name PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE audit_requests (
    id TEXT CONSTRAINT audit_requests__id PRIMARY KEY,
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
    rule TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX audit_requests_by_time ON audit_requests (request_timestamp, id);
CREATE INDEX audit_requests_by_request ON audit_requests (request_id);
CREATE INDEX audit_requests_by_expiry ON audit_requests (expires_at);

CREATE TABLE audit_objects (
    id TEXT CONSTRAINT audit_objects__id PRIMARY KEY,
    request_id TEXT NOT NULL,
    request_timestamp BIGINT NOT NULL,
    dao_name TEXT NOT NULL,
    entity_key TEXT NOT NULL,
    entity TEXT NOT NULL,
    operation TEXT NOT NULL,
    rbac_user_id TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX audit_objects_by_time ON audit_objects (request_timestamp, id);
CREATE INDEX audit_objects_by_request ON audit_objects (request_id);
CREATE INDEX audit_objects_by_expiry ON audit_objects (expires_at);
