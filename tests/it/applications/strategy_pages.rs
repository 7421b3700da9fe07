//! Strategies through pages, without scripts.

use kong_sso::config::settings::{EnforceRbac, UpstreamRule};
use kong_sso::oidc::public_pem;
use serde_json::json;

use super::desk::{Desk, with_settings};
use super::pages::developer;
use crate::support::op::Op;
use crate::support::op_keys::OpKey;
use crate::support::page_browser::Browser;

async fn with_pages<F: AsyncFn(&Desk, &Browser, &Browser)>(test: F) {
    let edit = |settings: &mut kong_sso::config::Settings| {
        settings.rbac.enforce = EnforceRbac::Off;
        settings.portal_gateway.egress_allow = vec![UpstreamRule::Host("127.0.0.1".into(), None)];
    };
    with_settings(edit, async |desk| {
        let admin = Browser::new(&desk.gateway.running.gui);
        let ann = developer(desk).await;
        test(desk, &admin, &ann).await;
    })
    .await;
}

const STRATEGIES: &str = "/_sso/portal/strategies";
const NEW: &str = "/default/applications/new";

#[actix_web::test]
async fn dp_100_an_identity_provider_is_set_up_used_and_explained_on_pages() {
    with_pages(async |desk, admin, ann| {
        let op = Op::start().await;
        let form = format!("{STRATEGIES}/new?kind=openid_connect");
        let issuer = op.issuer();
        let mut fields = vec![
            ("name", "corporate"),
            ("display_name", "Corporate sign-in"),
            ("issuer", issuer.as_str()),
            ("credential_claim", "app clientId"),
            ("scopes", "openid orders"),
            ("auth_methods", "client_credentials bearer"),
        ];
        let refused = admin.submit(&form, STRATEGIES, &fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.has("#credential_claim[aria-invalid]"), "{}", refused.text);
        fields[3] = ("credential_claim", "azp");
        let made = admin.submit_and_follow(&form, STRATEGIES, &fields).await;
        assert!(made.words().contains("does not check iss and aud"), "{}", made.words());
        assert!(made.words().contains("Tokens are checked by: jwt") && made.words().contains("Nothing uses it yet"));
        let api = desk.publish("orders", json!({ "auth_strategy_id": "corporate", "auto_approve": true })).await;
        let listed = admin.get(STRATEGIES).await;
        assert!(listed.words().contains("1 APIs, 0 applications"), "{}", listed.words());

        let page = format!("/default/apis/{}", api["slug"].as_str().unwrap());
        let hidden = ann.get(&page).await;
        assert!(hidden.words().contains("Register a client at the identity provider"), "{}", hidden.words());
        assert!(hidden.text.contains("grant_type=client_credentials") && !hidden.text.contains(&op.issuer()));
        let path = format!("/portal/apis/{}", api["id"].as_str().unwrap());
        desk.admin().patch(&path, json!({ "show_issuer": true })).await;
        assert!(ann.get(&page).await.text.contains(&op.issuer()));

        let strategy = api["auth_strategy_id"].as_str().unwrap();
        let without = ann.submit(NEW, NEW, &[("name", "shop"), ("auth_strategy_id", strategy)]).await;
        assert_eq!((without.status, without.has("#custom_id[aria-invalid]")), (422, true), "{}", without.text);
        let fields = [("name", "shop"), ("auth_strategy_id", strategy), ("custom_id", "shop-client")];
        let made = ann.submit_and_follow(NEW, NEW, &fields).await;
        assert!(made.words().contains("managed by the identity provider"), "{}", made.words());
        let application = ann.get("/default/applications").await.attributes("tbody th a", "href")[0].clone();
        assert!(!made.text.contains(&format!("action=\"{application}/keys\"")), "no form makes credentials");
        ann.submit_and_follow(&page, &format!("{page}/request"), &[]).await;
        let why = ann.get(&ann.get(&application).await.attributes("td.actions a", "href")[0]).await;
        assert!(why.words().contains("Tokens of the identity provider for the client shop-client"), "{}", why.words());
        let renamed =
            ann.submit_and_follow(&application, &application, &[("name", "shop"), ("custom_id", "other-client")]).await;
        assert!(renamed.words().contains("The application was saved."), "{}", renamed.words());
        assert!(renamed.words().contains("pending"), "access is decided again: {}", renamed.words());
        assert_eq!(desk.kong.list("/jwts").await[0]["key"], json!("other-client"));
    })
    .await;
}

#[actix_web::test]
async fn credentials_of_each_kind_are_made_on_the_page_and_shown_once() {
    with_pages(async |desk, admin, ann| {
        for (kind, fields) in [
            ("jwt", vec![("name", "signed"), ("maximum_expiration", "600")]),
            ("kong_oauth2", vec![("name", "oauth"), ("scopes", "read write"), ("hash_secret", "on")]),
            ("key_auth", vec![("name", "short"), ("key_names", "x-key"), ("ttl_days", "7")]),
        ] {
            let mut fields = fields;
            fields.push(("kind", kind));
            let made = admin.submit_and_follow(&format!("{STRATEGIES}/new?kind={kind}"), STRATEGIES, &fields).await;
            assert!(made.words().contains("The strategy was made."), "{kind}: {}", made.text);
            for (name, value) in fields.iter().filter(|(name, _)| !matches!(*name, "kind" | "hash_secret")) {
                assert!(made.has(&format!("#{name}[value='{value}']")), "{kind}: {name} = {value}");
            }
        }
        let signed = desk.publish("orders", json!({ "auth_strategy_id": "signed" })).await;
        let oauth = desk.publish("stock", json!({ "auth_strategy_id": "oauth" })).await;
        let make = async |name: &str, api: &serde_json::Value| {
            let fields = [("name", name), ("auth_strategy_id", api["auth_strategy_id"].as_str().unwrap())];
            let made = ann.submit_and_follow(NEW, NEW, &fields).await;
            assert!(made.words().contains(&format!("{name} was created")), "{}", made.text);
            let list = ann.get("/default/applications").await;
            let names = list.all("tbody th a");
            let at = names.iter().position(|it| it == name).unwrap();
            list.attributes("tbody th a", "href")[at].clone()
        };
        let shop = make("shop", &signed).await;
        let keys = format!("{shop}/keys");
        let refused = ann.submit(&shop, &keys, &[("algorithm", "ES256")]).await;
        assert_eq!((refused.status, refused.has("#public_key[aria-invalid]")), (422, true), "{}", refused.text);
        assert!(refused.has("#algorithm option[value='ES256'][selected]"), "what was chosen stays");
        let made = ann.submit(&shop, &keys, &[("algorithm", "HS256")]).await;
        assert_eq!(made.all(".secret code").len(), 2, "{}", made.text);
        let pem = public_pem::of_jwk(&OpKey::ec("mine").jwk()).unwrap();
        let made = ann.submit(&shop, &keys, &[("algorithm", "ES256"), ("public_key", &pem)]).await;
        assert_eq!((made.status, made.all(".secret code").len()), (200, 1), "{}", made.text);
        assert!(!made.words().contains("cannot be shown again"));
        assert!(made.words().contains("(ES256)"), "{}", made.words());

        let depot = make("depot", &oauth).await;
        let made = ann.submit(&depot, &format!("{depot}/keys"), &[("display_name", "server")]).await;
        let shown = made.all(".secret code");
        assert_eq!(shown.len(), 2, "{}", made.text);
        let again = ann.get(&depot).await;
        assert!(again.text.contains(&shown[0]) && !again.text.contains(&shown[1]), "the secret is shown once");
        assert!(again.text.contains("/oauth2/token"), "the page tells how to get a token");
        assert!(
            ann.get(&format!("/default/apis/{}", signed["slug"].as_str().unwrap())).await.words().contains("claim iss")
        );
    })
    .await;
}

#[actix_web::test]
async fn a_strategy_in_use_offers_no_deletion_and_another_one_goes() {
    with_pages(async |desk, admin, _| {
        let made = desk
            .admin()
            .create("/application-auth-strategies", json!({ "name": "signed", "strategy_type": "jwt" }))
            .await;
        let page = format!("{STRATEGIES}/{}", made["id"].as_str().unwrap());
        assert!(admin.get(&page).await.words().contains("Delete strategy"));
        desk.publish("orders", json!({ "auth_strategy_id": "signed" })).await;
        let used = admin.get(&page).await;
        assert!(used.words().contains("APIs: orders") && !used.words().contains("Delete strategy"), "{}", used.words());
        let saved = admin
            .submit_and_follow(
                &page,
                &page,
                &[("name", "signed"), ("display_name", "Signed"), ("maximum_expiration", "60")],
            )
            .await;
        assert!(saved.words().contains("The strategy was saved."), "{}", saved.words());
        desk.eventually("follows", async || {
            desk.kong.list("/plugins").await.iter().any(|it| it["config"]["maximum_expiration"] == json!(60))
        })
        .await;
        let other = desk
            .admin()
            .create("/application-auth-strategies", json!({ "name": "idle", "strategy_type": "jwt" }))
            .await;
        let page = format!("{STRATEGIES}/{}", other["id"].as_str().unwrap());
        let gone = admin.submit_and_follow(&page, &format!("{page}/delete"), &[]).await;
        assert!(gone.words().contains("The strategy was deleted."), "{}", gone.words());
    })
    .await;
}
