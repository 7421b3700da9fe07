-- Teams of developers: what they may see and use, which groups of the identity provider fill them, and what they own.

CREATE TABLE teams (
    id TEXT CONSTRAINT teams__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    can_own_applications BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT teams__ws_id__name UNIQUE (ws_id, name)
);
CREATE INDEX teams_by_workspace ON teams (ws_id, id);

CREATE TABLE team_members (
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    developer_id TEXT NOT NULL REFERENCES developers (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    CONSTRAINT team_members__team_id__developer_id PRIMARY KEY (team_id, developer_id)
);
CREATE INDEX team_members_by_developer ON team_members (developer_id, team_id);

-- entity_id: a published API, or * for all of the workspace; api_id is the same API, so that roles go with it.
CREATE TABLE team_roles (
    id TEXT CONSTRAINT team_roles__id PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    role_name TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    api_id TEXT REFERENCES published_apis (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    CONSTRAINT team_roles__team_id__role_name__entity_id UNIQUE (team_id, role_name, entity_id)
);
CREATE INDEX team_roles_by_api ON team_roles (api_id);

CREATE TABLE team_groups (
    id TEXT CONSTRAINT team_groups__id PRIMARY KEY,
    ws_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    group_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT team_groups__team_id__group_name UNIQUE (team_id, group_name)
);
CREATE INDEX team_groups_by_workspace ON team_groups (ws_id, id);

-- An application belongs to a developer or to a team. Ids are unique across both, so the names of an owner's applications
-- stay unique by the constraint that there is; on PostgreSQL it keeps its former name.
ALTER TABLE applications RENAME COLUMN developer_id TO owner_id;
ALTER TABLE applications ADD COLUMN owner_type TEXT NOT NULL DEFAULT 'developer';
