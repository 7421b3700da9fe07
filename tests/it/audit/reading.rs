//! The doors of the log.

use serde_json::json;

use super::*;

/// Waits until the log holds a record of each of these answers.
async fn settle(audited: &Audited, replies: &[Reply]) {
    for reply in replies {
        audited.record_of(reply).await;
    }
}

fn paths(body: &Value) -> Vec<&str> {
    body["data"].as_array().unwrap().iter().map(|record| record["path"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn km_101_times_narrow_the_list_newest_come_first_and_expired_records_are_gone() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let services = audited.running.node.services().clone();
        let start = services.clock.now().0;
        for (path, wait) in [("/first", 100), ("/second", 100), ("/third", 0)] {
            settle(&audited, &[audited.call("GET", path, "root").await]).await;
            audited.running.later(wait);
        }
        let listed = async |query: &str| {
            let body = audited.read(&format!("/audit/requests?{query}")).await;
            paths(&body).into_iter().filter(|path| !path.starts_with("/audit")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(listed("").await, ["/third", "/second", "/first"]);
        assert_eq!(listed(&format!("after={}", start + 50)).await, ["/third", "/second"]);
        assert_eq!(listed(&format!("before={}", start + 150)).await, ["/second", "/first"]);
        let between = format!("request_timestamp[gte]={}&request_timestamp[lt]={}", start + 50, start + 150);
        assert_eq!(listed(&between).await, ["/second"]);
        assert_eq!(listed("path=/second").await, ["/second"]);
        assert_eq!(listed("before=1971-01-01T00:00:00Z").await, Vec::<String>::new());
        let first = audited.read("/audit/requests?path=/first").await;
        let ttl = first["data"][0]["ttl"].as_i64().unwrap();
        assert!((790..=800).contains(&ttl), "{ttl}");

        audited.running.later(850);
        assert_eq!(listed("").await, ["/third", "/second"]);
        assert_eq!(audited.read("/audit/requests?path=/first").await["total"], 0);
        audited.stop().await;
    }
}

#[actix_web::test]
async fn km_101_pages_lead_from_one_to_the_next_and_reading_is_recorded_too() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let mut replies = Vec::new();
        for number in 0..7 {
            replies.push(audited.call("GET", &format!("/services/{number}"), "root").await);
        }
        settle(&audited, &replies).await;
        let (mut seen, mut next) =
            (Vec::new(), Some("/audit/requests?size=3&rbac_user_name=root&status=200".to_owned()));
        let mut reads = 0;
        while let Some(path) = next {
            let reply = audited.call("GET", &path, "root").await;
            assert_eq!((reply.status, &reply.body["total"]), (200, &json!(7 + reads)));
            seen.extend(paths(&reply.body).into_iter().map(str::to_owned));
            next = reply.body["next"].as_str().map(str::to_owned);
            assert_eq!(reply.body.get("offset").is_some(), next.is_some());
            settle(&audited, &[reply]).await;
            reads += 1;
        }
        assert_eq!((reads, seen), (3, (0..7).rev().map(|number| format!("/services/{number}")).collect()));
        let of_reads = audited.read("/audit/requests?method=get&size=1").await;
        assert!(paths(&of_reads)[0].starts_with("/audit/requests?"), "{of_reads}");
        audited.stop().await;
    }
}

#[actix_web::test]
async fn km_101_what_is_not_understood_is_refused() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        for (path, status) in [
            ("/audit/requests?user=ann", 400),
            ("/audit/requests?offset=zzz", 400),
            ("/audit/objects?before=yesterday", 400),
            ("/audit", 404),
            ("/audit/others", 404),
            ("/audit/requests/1", 404),
        ] {
            assert_eq!(audited.call("GET", path, "root").await.status, status, "{path}");
        }
        let refused = audited.call("DELETE", "/audit/requests", "root").await;
        assert_eq!((refused.status, refused.headers["allow"].to_str().unwrap()), (405, "GET, HEAD"));
        assert_eq!(audited.call("GET", "/audit/requests", "alex").await.status, 403);
        assert_eq!(audited.call("HEAD", "/audit/requests", "root").await.status, 200);
        audited.stop().await;
    }
}

#[actix_web::test]
async fn outside_default_only_the_records_of_the_own_workspace_are_seen() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let replies = [
            audited.call("GET", "/services", "root").await,
            audited.call("GET", "/payments/services", "pat").await,
            audited.call("GET", "/payments/services", "wrong").await,
        ];
        settle(&audited, &replies).await;
        assert_eq!(audited.call("GET", "/audit/requests", "pat").await.status, 403);
        let own = audited.call("GET", "/payments/audit/requests", "pat").await;
        assert_eq!((own.status, paths(&own.body)), (200, vec!["/payments/services"]));
        let foreign = audited.call("GET", "/payments/audit/requests?workspace=default", "pat").await;
        assert_eq!(foreign.body["total"], 0);
        let all = audited.read("/audit/requests?workspace=payments&path=/payments/services").await;
        assert_eq!(all["total"], 1);
        audited.stop().await;
    }
}

#[actix_web::test]
async fn an_export_streams_every_record_as_a_line() {
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let mut replies = Vec::new();
        for number in 0..25 {
            replies.push(audited.call("GET", &format!("/services/{number}"), "root").await);
        }
        settle(&audited, &replies).await;
        let export = async |query: &str| {
            let request = reqwest::Client::new().get(format!("{}/audit/requests?{query}", audited.running.admin));
            let request = request.header("kong-admin-token", "root").header("accept", "application/x-ndjson;q=1");
            let response = request.send().await.unwrap();
            let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
            (response.status().as_u16(), kind, response.text().await.unwrap())
        };
        // Three records a page, so that the export has to read on.
        let (status, kind, text) = export("size=3&status=200").await;
        assert_eq!((status, kind.as_str()), (200, "application/x-ndjson"));
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let exported: Vec<_> = lines.iter().map(|line| line["request_id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(exported, replies.iter().rev().map(request_id).collect::<Vec<_>>());
        let (status, kind, _) = export("user=ann").await;
        assert_eq!((status, kind.as_str()), (400, "application/json"));
        audited.stop().await;
    }
}

#[actix_web::test]
async fn changes_are_listed_as_kong_lists_them() {
    use kong_sso::domain::audit::ObjectRecord;
    use kong_sso::store::audit_objects;
    for database in databases().await {
        let audited = Audited::start(database, |_| {}).await;
        let now = audited.running.node.services().clock.now();
        let mut tx = audited.database.store.write().await.unwrap();
        for (id, operation) in [("1", "create"), ("2", "delete")] {
            let record = ObjectRecord {
                id: format!("id-{id}"),
                request_id: format!("request-{id}"),
                request_timestamp: now,
                dao_name: "groups".to_owned(),
                entity_key: "g-1".to_owned(),
                entity: json!({"name": "ops"}),
                operation: operation.to_owned(),
                rbac_user_id: None,
            };
            audit_objects::create(&mut tx, &record, 60).await.unwrap();
        }
        tx.commit().await.unwrap();
        let all = audited.read("/audit/objects?dao_name=groups&entity_key=g-1").await;
        assert_eq!((&all["total"], &all["next"]), (&json!(2), &Value::Null));
        let one = audited.read("/audit/objects?operation=create").await;
        assert_eq!(
            one["data"],
            json!([{"id": "id-1", "request_id": "request-1", "request_timestamp": now, "dao_name": "groups",
                "entity_key": "g-1", "entity": "{\"name\":\"ops\"}", "operation": "create", "rbac_user_id": null,
                "expire": now.0 + 60, "signature": null}])
        );
        audited.stop().await;
    }
}
