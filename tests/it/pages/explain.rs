//! "Explain access".

use crate::pages::with_scene;

#[actix_web::test]
async fn km_060_the_page_names_the_rule_its_level_and_the_role() {
    with_scene(async |scene| {
        let root = scene.root().await;
        scene.signed_in("reader", &["default:read-only"]).await;
        let allowed = root.get("/_sso/roles/explain?user=reader%40example.com&method=GET&path=/services/x").await;
        assert_eq!((allowed.status, allowed.all(".verdict h2")), (200, vec!["Allowed".to_owned()]));
        assert_eq!(allowed.all(".levels .hit strong"), ["Rules for every workspace and every endpoint"]);
        assert!(allowed.words().contains("default / read-only") && allowed.words().contains("idp"));
        let role = allowed.attributes(".verdict dd a", "href");
        assert!(role.iter().any(|link| link.starts_with("/_sso/roles/")), "{role:?}");
        for link in role {
            assert_eq!(root.get(&link).await.status, 200, "{link}");
        }
        let denied = root.get("/_sso/roles/explain?user=reader%40example.com&method=DELETE&path=services/x").await;
        assert_eq!(denied.all(".verdict h2"), ["Denied"]);
        assert!(denied.words().contains("at level 4 of 4, does not name delete."), "{}", denied.words());
    })
    .await;
}

#[actix_web::test]
async fn a_question_that_makes_no_sense_is_shown_with_what_was_typed() {
    with_scene(async |scene| {
        let root = scene.root().await;
        for (query, input, sentence) in [
            ("user=nobody&path=/services", "#user", "There is no user 'nobody'"),
            ("user=root%40example.com&path=/a/../b", "#path", "dot segments"),
        ] {
            let page = root.get(&format!("/_sso/roles/explain?{query}")).await;
            assert_eq!(page.status, 422, "{query}");
            assert_eq!(page.one(input).attr("aria-invalid"), Some("true"));
            assert!(page.words().contains(sentence), "{}", page.words());
            assert!(page.words().contains("This question has no answer"), "{}", page.words());
        }
        assert!(root.get("/_sso/roles/explain").await.words().contains("Ask about one request"));
    })
    .await;
}

#[actix_web::test]
async fn rights_are_explained_only_where_the_visitor_may_read_roles() {
    with_scene(async |scene| {
        let newcomer = scene.signed_in("newcomer", &[]).await;
        assert_eq!(newcomer.get("/_sso/roles/explain?user=root&path=/").await.status, 403);
        assert_eq!(newcomer.get("/_sso/roles/explain").await.status, 403);
    })
    .await;
}
