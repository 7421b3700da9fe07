-- Which stored plugin sessions have ended or were replaced, numbered in the order of the commits: nodes forget them by it.
CREATE TABLE plugin_session_changes (
    number BIGINT CONSTRAINT plugin_session_changes__number PRIMARY KEY,
    key_hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
INSERT INTO epochs (name, value) VALUES ('plugin_sessions', 0);
