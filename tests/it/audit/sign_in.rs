//! Sign-ins and sign-outs leave records, and no secret of theirs does.

use kong_sso::config::auth_conf::{AdminAuthConf, AdminField, AdminMappingConf, SameSite, SessionConf};
use kong_sso::domain::claims::ClaimPath;
use url::Url;

use super::*;
use crate::support::op::Op;

fn conf(op: &Op, gui: &str) -> AdminAuthConf {
    let mut relying_party = op.conf();
    relying_party.redirect_uri = vec![Url::parse(&format!("{gui}/_api/auth")).unwrap()];
    AdminAuthConf {
        relying_party,
        mapping: AdminMappingConf {
            admin_claim: ClaimPath::new(vec!["email".to_owned()]).unwrap(),
            admin_by: vec![AdminField::Username],
            groups_claim: ClaimPath::new(vec!["groups".to_owned()]).unwrap(),
            groups_delimiter: None,
            auto_create: true,
            auto_create_token_enabled: true,
        },
        session: SessionConf {
            secret: Some("a session secret of 32 characters".to_owned().into()),
            cookie_name: "kong_sso_session".to_owned(),
            cookie_domain: None,
            cookie_secure: false,
            cookie_same_site: SameSite::Lax,
            idling_timeout: 900,
            rolling_timeout: 3600,
            absolute_timeout: 86_400,
            transaction_cookie_name: "authorization".to_owned(),
            transaction_timeout: 600,
        },
        login_redirect_uri: vec![Url::parse(gui).unwrap()],
    }
}

/// A browser without scripts: it keeps cookies and follows nothing by itself.
#[derive(Default)]
struct Browser {
    cookies: std::collections::BTreeMap<String, String>,
}

impl Browser {
    async fn send(&mut self, method: &str, url: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = client.request(method.parse().unwrap(), url).header("cookie", cookies.join("; "));
        let response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

fn id_of(response: &reqwest::Response) -> String {
    response.headers()["x-kong-admin-request-id"].to_str().unwrap().to_owned()
}

#[actix_web::test]
async fn km_099_sign_in_and_sign_out_are_recorded_without_their_secrets() {
    let everything = regex::Regex::new("/").unwrap();
    for database in databases().await {
        let op = Op::start().await;
        let (admin, gui) = (bind(), bind());
        let mut settings = node::settings("http://127.0.0.1:9");
        settings.database = database.settings.clone();
        settings.audit.enabled = true;
        settings.audit.record_ttl = 1000;
        settings.audit.ignore_paths = vec![everything.clone()];
        settings.login.bootstrap_groups = vec!["platform-admins".to_owned()];
        settings.admin_auth = Some(conf(&op, &gui.1));
        kong_sso::services::bootstrap::ensure_default(&database.store, NOW).await.unwrap();
        let running = node::start_at(settings, admin, gui).await;
        let auth = format!("{}/_api/auth", running.gui);

        let mut browser = Browser::default();
        let begin = browser.send("GET", &format!("{auth}?return_to=%2Fservices")).await;
        assert_eq!(begin.status(), 302);
        let to_provider = Url::parse(begin.headers()["location"].to_str().unwrap()).unwrap();
        let answer = op.sign_in(&to_provider).await;
        let callback = browser.send("GET", &format!("{auth}?{answer}")).await;
        assert_eq!(callback.status(), 302);
        let replayed = browser.send("GET", &format!("{auth}?{answer}")).await;
        assert_eq!(replayed.status(), 401);
        let end = browser.send("DELETE", &format!("{auth}?session_logout=true")).await;
        assert_eq!(end.status(), 200);
        // The session was read once after the sign-in and found in memory at the sign-out.
        let metrics = running.node.services().metrics.render();
        for line in [
            "kong_sso_sign_ins_total{outcome=\"ok\"} 1",
            "kong_sso_sign_ins_total{outcome=\"login_state\"} 1",
            "kong_sso_session_lookups_total{found=\"store\"} 1",
            "kong_sso_session_lookups_total{found=\"cache\"} 1",
            "kong_sso_requests_total{door=\"kong-manager\",method=\"GET\",status=\"3xx\",verdict=\"allowed\"} 1",
        ] {
            assert!(metrics.lines().any(|printed| printed == line), "{metrics}");
        }

        let expected = [id_of(&begin), id_of(&callback), id_of(&replayed), id_of(&end)];
        let now = running.node.services().clock.now();
        running.stop().await;
        let mut records = all_records(&database.store, now).await;
        records.reverse();
        let told: Vec<_> = records
            .iter()
            .map(|it| (it.method.as_str(), it.path.as_str(), it.status, it.rbac_user_name.as_deref()))
            .collect();
        let masked = records[1].path.as_str();
        assert_eq!(
            told,
            [
                ("GET", "/auth?return_to=%2Fservices", 302, None),
                ("GET", masked, 302, Some("alice@example.com")),
                ("GET", masked, 401, None),
                ("DELETE", "/auth?session_logout=true", 200, Some("alice@example.com")),
            ]
        );
        assert!(masked.starts_with("/auth?") && masked.contains("code=***") && masked.contains("state=***"));
        let secrets: Vec<_> =
            url::form_urlencoded::parse(answer.as_bytes()).map(|(_, value)| value.into_owned()).collect();
        for record in &records {
            assert!(secrets.iter().all(|secret| !format!("{record:?}").contains(secret)), "{record:?}");
            assert_eq!(record.request_source.as_deref(), Some("kong-manager"));
        }
        assert_eq!(records.iter().map(|record| record.request_id.clone()).collect::<Vec<_>>(), expected);
        assert!(records[2].rule.as_deref().unwrap().starts_with("sign-in refused: "));
    }
}
