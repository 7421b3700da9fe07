//! Scenario 37: groups of the provider decide about teams.

use kong_sso::domain::team::GroupMode;
use serde_json::{Value, json};

use super::Scene;
use super::sso::{automatic, developers, sign_in, with_sso};
use crate::support::op::{Op, User};

/// Teams `a` and `b`, mapped to `dev-a` and `dev-b`, and `free`, which no group is mapped to.
async fn teams(scene: &Scene) {
    let mut mappings = Vec::new();
    for name in ["a", "b", "free"] {
        let (status, made) = scene.admin("POST", "/portal/teams", json!({"name": name})).await;
        assert_eq!(status, 201, "{made}");
        if name != "free" {
            mappings.push(json!({"team_id": made["id"], "groups": [format!("dev-{name}")]}));
        }
    }
    let set = scene.admin("PATCH", "/portal/team-group-mappings", json!({"data": mappings})).await;
    assert_eq!(set.0, 200, "{}", set.1);
}

/// Signs Ann in with a groups claim (null = none); gives the names of her teams.
async fn after(scene: &Scene, op: &Op, groups: Value) -> Vec<String> {
    let mut claims = json!({"email": "ann@example.com", "email_verified": true, "name": "Ann Other"});
    match groups {
        Value::Null => {}
        Value::Object(members) => claims.as_object_mut().unwrap().extend(members),
        groups => claims["groups"] = groups,
    }
    let landed = sign_in(op, &scene.browser(), User::new("ann-id", claims)).await;
    assert_eq!(landed.location(), "/default/", "{}", landed.text);
    let mut names = teams_of_ann(scene).await;
    names.sort();
    names
}

async fn teams_of_ann(scene: &Scene) -> Vec<String> {
    let ann = developers(scene).await.into_iter().find(|it| it["email"] == "ann@example.com").unwrap();
    ann["roles"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn dp_037_groups_decide_about_the_teams_they_are_mapped_to() {
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.sso.team_mapping = Some(GroupMode::Own);
        },
        async |scene, op| {
            teams(scene).await;
            assert_eq!(after(scene, op, json!(["dev-a", "other"])).await, ["a"], "at the first sign-in already");
            let by_hand = json!({"roles": ["b", "free"]});
            assert_eq!(scene.admin("PATCH", "/developers/ann@example.com", by_hand).await.0, 200);
            assert_eq!(after(scene, op, json!(["dev-a"])).await, ["a", "free"]);
            assert_eq!(after(scene, op, Value::Null).await, ["a", "free"], "no claim changes nothing");
            let overage = json!({"_claim_names": {"groups": "src1"}});
            assert_eq!(after(scene, op, overage).await, ["a", "free"], "nor does a pointer");
            assert_eq!(after(scene, op, json!("dev-a dev-b")).await, ["a", "b", "free"]);
            assert_eq!(after(scene, op, json!([])).await, ["free"], "an empty claim does");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_037_groups_only_add_where_that_is_said_and_nothing_while_it_is_off() {
    for (mode, expected) in [(Some(GroupMode::Additive), &["a", "b"][..]), (None, &["b"])] {
        with_sso(
            |settings| {
                automatic(settings);
                settings.portal.sso.team_mapping = mode;
            },
            async |scene, op| {
                teams(scene).await;
                after(scene, op, Value::Null).await;
                assert_eq!(scene.admin("PATCH", "/developers/ann@example.com", json!({"roles": ["b"]})).await.0, 200);
                assert_eq!(after(scene, op, json!(["dev-a"])).await, expected, "{mode:?}");
                assert_eq!(after(scene, op, json!([])).await, expected, "{mode:?}");
            },
        )
        .await;
    }
}
