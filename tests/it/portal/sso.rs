//! Scenarios 5, 32 to 36, 38, 40 and 41: the sign-in of developers through an identity provider.

use std::sync::Arc;

use kong_sso::config::Settings;
use kong_sso::config::auth_conf::SameSite;
use kong_sso::config::portal::{
    DeveloperField, LinkByEmail, PortalAuth, PortalOidcConf, PortalSessionConf, Provisioning,
};
use kong_sso::domain::claims::ClaimPath;
use kong_sso::domain::developer::SsoApproval;
use serde_json::{Value, json};
use url::Url;

use super::{PASSWORD, Scene, start};
use crate::store::databases;
use crate::support::op::{Door, Fault, Op, User};
use crate::support::page_browser::{Browser, Shown};

const CALLBACK: &str = "/default/auth/callback";

/// What `portal_auth_conf` says of a provider.
pub(crate) fn conf(op: &Op) -> PortalOidcConf {
    let party = op.conf();
    PortalOidcConf {
        source: op.issuer().into(),
        provider: party.provider,
        client: party.client,
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        redirect_uri: None,
        consumer_claim: ClaimPath::of("email"),
        consumer_by: vec![DeveloperField::Email, DeveloperField::CustomId, DeveloperField::Id],
        login_redirect_uri: None,
        logout_redirect_uri: None,
        forbidden_redirect_uri: None,
        leeway: 0,
        session: PortalSessionConf { cookie_same_site: SameSite::Lax, ..PortalSessionConf::default() },
    }
}

/// Runs `test` on each database with a portal whose developers sign in at a provider; `change` edits the settings.
pub(crate) async fn with_sso<F: AsyncFn(&Scene, &Op)>(change: impl Fn(&mut Settings), test: F) {
    for database in databases().await {
        let op = Op::start().await;
        let prepare = |settings: &mut Settings| {
            settings.portal.auth = Some(PortalAuth::OpenIdConnect);
            settings.portal.openid_connect = Some(Arc::new(conf(&op)));
            settings.portal.session = PortalSessionConf::default();
            settings.audit.enabled = true;
            settings.audit.record_ttl = 86_400;
            change(settings);
        };
        let scene = start(&database, &prepare).await;
        test(&scene, &op).await;
        scene.stop().await;
    }
}

pub(crate) fn automatic(settings: &mut Settings) {
    settings.portal.sso.provisioning = Provisioning::Auto;
    settings.portal.sso.approval = SsoApproval::Always;
}

/// Ann, whose address the provider has verified.
pub(crate) fn ann() -> User {
    User::new("ann-id", json!({"email": "Ann@Example.com", "email_verified": true, "name": "Ann Other"}))
}

/// Starts a sign-in; gives the address of the callback with the provider's answer.
pub(crate) async fn answer(op: &Op, browser: &Browser, start: &str) -> String {
    let to_provider = browser.get(start).await;
    assert_eq!(to_provider.status, 302, "{}", to_provider.text);
    format!("{CALLBACK}?{}", op.sign_in(&Url::parse(&to_provider.location()).unwrap()).await)
}

/// Signs somebody in; gives what the callback shows.
pub(crate) async fn sign_in(op: &Op, browser: &Browser, user: User) -> Shown {
    op.change(|behaviour| behaviour.user = user);
    let answer = answer(op, browser, "/default/login/sso").await;
    browser.get(&answer).await
}

/// The developers of `default`, as the Admin API lists them.
pub(crate) async fn developers(scene: &Scene) -> Vec<Value> {
    let (status, body) = scene.admin("GET", "/developers", Value::Null).await;
    assert_eq!(status, 200, "{body}");
    body["data"].as_array().unwrap().clone()
}

/// Audit records of identities, the events alone.
pub(crate) async fn identity_events(scene: &Scene) -> Vec<String> {
    let (status, body) = scene.admin("GET", "/audit/objects?dao_name=developer_identities", Value::Null).await;
    assert_eq!(status, 200, "{body}");
    let event = |record: &Value| {
        let entity = record["entity"].as_str().map_or_else(|| record["entity"].clone(), |it| it.parse().unwrap());
        entity["event"].as_str().unwrap().to_owned()
    };
    body["data"].as_array().unwrap().iter().map(event).collect()
}

#[actix_web::test]
async fn dp_032_somebody_new_registers_with_the_address_that_the_provider_told() {
    with_sso(
        |settings| settings.portal.rules.auto_approve = true,
        async |scene, op| {
            let browser = scene.browser();
            let landed = sign_in(op, &browser, ann()).await;
            assert_eq!((landed.status, landed.location().as_str()), (303, "/default/register"), "{}", landed.text);
            assert!(browser.cookie("portal_session").is_none(), "nobody is signed in yet");
            let form = browser.get("/default/register").await;
            assert_eq!(form.one("#email").attr("value"), Some("ann@example.com"));
            assert!(form.one("#email").attr("readonly").is_some() && !form.has("input[type=password]"));
            assert_eq!(form.one("[name='meta.full_name']").attr("value"), Some("Ann Other"));
            let empty = [("meta.full_name", "")];
            let refused = browser.submit("/default/register", "/default/register", &empty).await;
            assert!(refused.status == 422 && refused.one("#email").attr("value") == Some("ann@example.com"));
            let tampered = [("email", "boss@example.com"), ("meta.full_name", "Ann B. Other")];
            let done = browser.submit("/default/register", "/default/register", &tampered).await;
            assert_eq!((done.status, done.location().as_str()), (303, "/default/"), "{}", done.text);
            assert!(browser.get("/default/settings").await.words().contains("ann@example.com"));
            let all = developers(scene).await;
            assert_eq!(all.len(), 1);
            assert_eq!((&all[0]["email"], &all[0]["full_name"]), (&json!("ann@example.com"), &json!("Ann B. Other")));
            assert_eq!((&all[0]["status"], browser.cookie("portal_identity")), (&json!(0), None));
            let other = scene.browser();
            let again = sign_in(op, &other, ann()).await;
            assert_eq!((again.status, again.location().as_str()), (303, "/default/"), "the identity is known now");
            assert_eq!(identity_events(scene).await, ["identity.created"]);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_032_a_pending_identity_is_good_once_in_its_own_browser_for_half_an_hour() {
    with_sso(
        |_| {},
        async |scene, op| {
            let (browser, thief) = (scene.browser(), scene.browser());
            sign_in(op, &browser, ann()).await;
            let key = browser.cookie("portal_identity").unwrap();
            assert_eq!(thief.get("/default/register").await.location(), "/default/login");
            let name = [("meta.full_name", "Ann")];
            thief.set_cookie("portal_identity", &key);
            let done = browser.submit("/default/register", "/default/register", &name).await;
            assert_eq!(done.location(), "/default/pending");
            assert_eq!(thief.get("/default/register").await.location(), "/default/login", "it is used up");
            let late = scene.browser();
            sign_in(op, &late, User::new("bob-id", json!({"email": "bob@example.com"}))).await;
            let form = late.get("/default/register").await;
            scene.running.later(1801);
            assert_eq!(form.one("#email").attr("value"), Some("bob@example.com"));
            assert_eq!(late.get("/default/register").await.location(), "/default/login");
            assert_eq!(developers(scene).await.len(), 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_033_two_callbacks_at_once_make_one_developer() {
    with_sso(automatic, async |scene, op| {
        op.change(|behaviour| behaviour.user = ann());
        let browsers: Vec<Browser> = (0..4).map(|_| scene.browser()).collect();
        let mut answers = Vec::new();
        for browser in &browsers {
            answers.push(answer(op, browser, "/default/login/sso").await);
        }
        let landings = browsers.iter().zip(&answers).map(|(browser, answer)| browser.get(answer));
        for landed in futures_util::future::join_all(landings).await {
            assert_eq!((landed.status, landed.location().as_str()), (303, "/default/"), "{}", landed.text);
        }
        let all = developers(scene).await;
        assert_eq!(all.len(), 1);
        assert_eq!((&all[0]["status"], &all[0]["full_name"]), (&json!(0), &json!("Ann Other")));
        assert_eq!(identity_events(scene).await, ["identity.created"]);
        for browser in &browsers {
            assert_eq!(browser.get("/default/settings").await.status, 200);
        }
    })
    .await;
}

#[actix_web::test]
async fn dp_033_what_claims_lack_the_form_asks_for() {
    with_sso(
        |settings| {
            automatic(settings);
            let fields = json!([{"title": "company", "validator": {"required": true, "type": "string"}}]);
            settings.portal.meta_fields = kong_sso::domain::meta_field::MetaFields::parse(&fields).unwrap();
        },
        async |scene, op| {
            let browser = scene.browser();
            assert_eq!(sign_in(op, &browser, ann()).await.location(), "/default/register");
            let company = [("meta.company", "Acme")];
            let done = browser.submit("/default/register", "/default/register", &company).await;
            assert_eq!(done.location(), "/default/", "always approved");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_034_an_unverified_address_opens_no_account() {
    with_sso(automatic, async |scene, op| {
        scene.developer("ann@example.com").await;
        for claims in [
            json!({"email": "ann@example.com"}),
            json!({"email": "ann@example.com", "email_verified": false}),
            json!({"email": "ann@example.com", "email_verified": "no"}),
        ] {
            let browser = scene.browser();
            let landed = sign_in(op, &browser, User::new("stranger", claims)).await;
            assert_eq!(landed.status, 403, "{}", landed.text);
            assert!(landed.words().contains("An account with this address exists"), "{}", landed.words());
            assert!(browser.cookie("portal_session").is_none() && browser.cookie("portal_identity").is_none());
            assert_eq!(browser.get("/default/settings").await.status, 303);
        }
        assert_eq!(identity_events(scene).await, ["identity.link_refused"; 3]);
        let linked = sign_in(op, &scene.browser(), ann()).await;
        assert_eq!(linked.location(), "/default/", "a verified one does");
        assert_eq!(developers(scene).await.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn dp_035_an_answer_counts_once_in_the_browser_that_asked() {
    with_sso(automatic, async |scene, op| {
        let bad = async |browser: &Browser, path: &str| {
            let shown = browser.get(path).await;
            assert_eq!(shown.status, 400, "{path}: {}", shown.text);
            assert!(browser.cookie("portal_session").is_none() && shown.has("#retry"), "{}", shown.text);
        };
        let browser = scene.browser();
        let right = answer(op, &browser, "/default/login/sso").await;
        bad(&scene.browser(), &right).await;
        for path in ["", "?code=x", "?state=x", "?code=x&state=y"] {
            let shown = browser.get(&format!("{CALLBACK}{path}")).await;
            assert_eq!(shown.status, 400, "{path}: {}", shown.text);
        }
        let (first, second) = (scene.browser(), scene.browser());
        let used = answer(op, &first, "/default/login/sso").await;
        second.set_cookie("portal_login", &first.cookie("portal_login").unwrap());
        assert_eq!(first.get(&used).await.status, 303);
        bad(&second, &used).await;
        let before = developers(scene).await.len();
        for edit in [("nonce", json!("other")), ("aud", json!("other")), ("iss", json!("https://other.example"))] {
            op.edit_id_token(move |draft| draft.claims[edit.0] = edit.1.clone());
            let browser = scene.browser();
            bad(&browser, &answer(op, &browser, "/default/login/sso").await).await;
        }
        op.edit_id_token(|_| {});
        let late = scene.browser();
        let too_late = answer(op, &late, "/default/login/sso").await;
        scene.running.later(601);
        bad(&late, &too_late).await;
        assert_eq!(developers(scene).await.len(), before, "nothing was made");
    })
    .await;
}

#[actix_web::test]
async fn dp_035_a_login_of_one_workspace_is_none_of_another() {
    with_sso(automatic, async |scene, op| {
        assert_eq!(scene.admin("POST", "/workspaces", json!({"name": "payments"})).await.0, 201);
        let browser = scene.browser();
        let right = answer(op, &browser, "/default/login/sso").await;
        browser.set_cookie("portal_login", &browser.cookie("portal_login").unwrap());
        let elsewhere = right.replace("/default/", "/payments/");
        assert_eq!(browser.get(&elsewhere).await.status, 400);
        assert_eq!(scene.admin("GET", "/payments/developers", Value::Null).await.1["total"], 0);
        let started = browser.get("/payments/login/sso").await.location();
        assert!(started.contains("%2Fpayments%2Fauth%2Fcallback"), "{started}");
    })
    .await;
}

#[actix_web::test]
async fn dp_036_a_revoked_developer_sees_the_state_of_the_account_only() {
    with_sso(automatic, async |scene, op| {
        sign_in(op, &scene.browser(), ann()).await;
        let revoked = scene.admin("PATCH", "/developers/ann@example.com", json!({"status": 3})).await;
        assert_eq!(revoked.0, 200, "{}", revoked.1);
        let browser = scene.browser();
        assert_eq!(sign_in(op, &browser, ann()).await.location(), "/default/pending");
        assert!(browser.get("/default/pending").await.words().contains("Your access was revoked"));
        assert_eq!(browser.get("/default/applications").await.location(), "/default/pending");
        let mut client = scene.client();
        client.cookies.insert("portal_session".to_owned(), browser.cookie("portal_session").unwrap());
        let refused = client.get("/applications").await;
        assert_eq!((refused.status, &refused.json()["status"]), (401, &json!(3)));
        assert_eq!(developers(scene).await[0]["status"], 3, "no login lifts it, although all are approved");
        let out = browser.submit("/default/pending", "/default/logout", &[]).await;
        assert_eq!(out.status, 303);
    })
    .await;
}

#[actix_web::test]
async fn dp_038_a_provider_that_writes_times_as_text_is_understood() {
    with_sso(automatic, async |scene, op| {
        let claims = json!({"email": "ann@example.com", "email_verified": true, "name": "Ann",
                                "updated_at": "2026-11-26T12:00:00.000Z"});
        let landed = sign_in(op, &scene.browser(), User::new("auth0|1", claims)).await;
        assert_eq!(landed.location(), "/default/");
    })
    .await;
}

#[actix_web::test]
async fn dp_040_a_sign_in_returns_to_a_page_of_this_portal_or_home() {
    with_sso(automatic, async |scene, op| {
        op.change(|behaviour| behaviour.user = ann());
        for (wanted, lands) in [
            ("/default/apis?q=x", "/default/apis?q=x"),
            ("//evil.test", "/default/"),
            ("https://evil.test/", "/default/"),
            ("/default//evil.test", "/default/"),
            ("/default/../other/", "/default/"),
            ("/default/%2e%2e/other", "/default/"),
            ("/payments/", "/default/"),
            ("/\\evil.test", "/default/"),
        ] {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", wanted).finish();
            let browser = scene.browser();
            let answer = answer(op, &browser, &format!("/default/login/sso?{query}")).await;
            let landed = browser.get(&answer).await;
            assert_eq!((landed.status, landed.location().as_str()), (303, lands), "{wanted}");
        }
        let asked = scene.browser().get("/default/settings").await.location();
        assert_eq!(asked, "/default/login?return_to=%2Fdefault%2Fsettings");
        let button = scene.browser().get(&asked).await.one("#sso").attr("href").unwrap().to_owned();
        assert_eq!(button, format!("{}/default/login/sso?return_to=%2Fdefault%2Fsettings", scene.gui));
    })
    .await;
}

#[actix_web::test]
async fn dp_041_while_the_provider_is_down_the_page_says_so_and_passwords_work() {
    for local in [false, true] {
        with_sso(
            |settings| {
                automatic(settings);
                settings.portal.sso.local_login = local;
            },
            async |scene, op| {
                scene.developer("ann@example.com").await;
                op.break_door(Door::Discovery, Fault::Status(503));
                let browser = scene.browser();
                let shown = browser.get("/default/login?return_to=%2Fdefault%2Fapis").await;
                assert_eq!(shown.status, 503);
                assert!(shown.words().contains("cannot be reached") && !shown.has("#sso"), "{}", shown.words());
                assert_eq!(shown.one("#retry").attr("href"), Some("/default/login?return_to=%2Fdefault%2Fapis"));
                assert_eq!(shown.has("input[type=password]"), local);
                let direct = browser.get("/default/login/sso").await;
                assert!(direct.status == 503 && direct.has("#retry") && direct.headers.contains_key("retry-after"));
                if local {
                    let mut client = scene.client();
                    assert_eq!(client.log_in("ann@example.com", PASSWORD).await.status, 204);
                }
                op.mend_door(Door::Discovery);
                scene.running.later(6);
                assert_eq!(browser.get("/default/login").await.status, 200, "it is asked again after a pause");
                op.break_door(Door::Token, Fault::Status(500));
                let answer = answer(op, &browser, "/default/login/sso").await;
                assert_eq!(browser.get(&answer).await.status, 503);
            },
        )
        .await;
    }
}

#[actix_web::test]
async fn dp_034_linking_follows_the_settings() {
    for (policy, verified, is_linked) in
        [(LinkByEmail::Never, true, false), (LinkByEmail::Always, false, true), (LinkByEmail::Verified, true, true)]
    {
        with_sso(
            |settings| {
                automatic(settings);
                settings.portal.sso.link_by_email = policy;
            },
            async |scene, op| {
                scene.developer("ann@example.com").await;
                let claims = json!({"email": "ann@example.com", "email_verified": verified});
                let landed = sign_in(op, &scene.browser(), User::new("ann-id", claims)).await;
                assert_eq!(landed.status, if is_linked { 303 } else { 403 }, "{policy:?}");
            },
        )
        .await;
    }
}
