//! Who is in a team, by hand and by the groups of the identity provider: scenario 37.

use kong_sso::domain::ids::GroupName;
use kong_sso::domain::team::GroupMode;
use kong_sso::services::portal::teams::groups;

use super::*;
use crate::applications::desk::with_desk;

async fn team(desk: &Desk, actor: &Actor<'_>, name: &str, groups: &[&str]) -> String {
    let workspace = desk.workspace().await;
    let new = NewTeam { name: name.to_owned(), description: None, can_own_applications: false };
    let made = teams::create(desk.services(), actor, workspace, new).await.unwrap();
    for group in groups {
        let group = GroupName::parse(group).unwrap();
        groups::add(desk.services(), actor, workspace, &made.id.to_string(), group).await.unwrap();
    }
    made.id.to_string()
}

async fn log_in(desk: &Desk, developer: DeveloperId, groups: Option<&[&str]>, mode: GroupMode) -> Vec<String> {
    let found = developers::find_by_id(&mut desk.store().read().await.unwrap(), developer).await.unwrap().unwrap();
    let groups: Option<Vec<String>> = groups.map(|it| it.iter().map(|name| (*name).to_owned()).collect());
    let mut change = Change::begin_portal(desk.services(), "login").await.unwrap();
    members::set_memberships_from_groups(&mut change, &found, groups.as_deref(), mode).await.unwrap();
    change.commit().await.unwrap();
    names(desk, developer).await
}

async fn names(desk: &Desk, developer: DeveloperId) -> Vec<String> {
    let teams = members::teams_of(desk.services(), developer).await.unwrap();
    teams.into_iter().map(|team| team.name).collect()
}

#[actix_web::test]
async fn dp_037_the_groups_of_a_login_decide_about_mapped_teams_and_nothing_else() {
    with_desk(async |desk| {
        let (ann, ben) = (desk.developer("ann").await, desk.developer("ben").await);
        let actor = Actor::Developer { id: ben, request_id: "test" };
        let workspace = desk.workspace().await;
        team(desk, &actor, "A", &["dev-a", "dev-all"]).await;
        let b = team(desk, &actor, "B", &["dev-b"]).await;
        let free = team(desk, &actor, "Free", &[]).await;
        for team in [&b, &free] {
            members::add(desk.services(), &actor, workspace, team, &ann.to_string()).await.unwrap();
        }
        assert_eq!(log_in(desk, ann, None, GroupMode::Own).await, ["B", "Free"], "no claim changes nothing");
        assert_eq!(log_in(desk, ann, Some(&["dev-a"]), GroupMode::Additive).await, ["A", "B", "Free"]);
        assert_eq!(log_in(desk, ann, Some(&["dev-a", "other"]), GroupMode::Own).await, ["A", "Free"]);
        assert_eq!(log_in(desk, ann, Some(&["dev-all"]), GroupMode::Own).await, ["A", "Free"]);
        assert_eq!(log_in(desk, ann, Some(&[]), GroupMode::Additive).await, ["A", "Free"]);
        assert_eq!(log_in(desk, ann, Some(&[]), GroupMode::Own).await, ["Free"], "an empty claim is not a missing one");
        assert_eq!(names(desk, ben).await, Vec::<String>::new());
        let audited = desk.audited("team_members", &serde_json::json!(ann.to_string())).await;
        assert_eq!(audited.len(), 5, "two by hand, A joined, B left, A left; staying leaves no record: {audited:?}");
    })
    .await;
}
