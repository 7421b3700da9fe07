//! Audit records: batches, filters, pages in order of time, retention.

use kong_sso::domain::audit::{ObjectRecord, RequestRecord, Verdict};
use kong_sso::store::audit::{self, Span};
use kong_sso::store::audit_objects::{self, ObjectFilter};
use kong_sso::store::audit_requests::{self, NewRecord, RequestFilter};
use kong_sso::store::{Connection, Page, StoreError};
use uuid::Uuid;

use super::{NOW, databases};

const TTL: i64 = 1000;

fn request(number: i64) -> RequestRecord {
    RequestRecord {
        request_id: format!("{number:032}"),
        client_ip: "192.0.2.7".to_owned(),
        method: if number % 2 == 0 { "GET" } else { "POST" }.to_owned(),
        path: format!("/services/{number}?a=b"),
        rbac_user_id: None,
        rbac_user_name: Some("ann".to_owned()),
        request_source: None,
        // Ten records in each second.
        request_timestamp: NOW.plus(number / 10),
        status: if number % 3 == 0 { 403 } else { 200 },
        workspace: Some("00000000-0000-0000-0000-000000000000".to_owned()),
        verdict: if number % 3 == 0 { Verdict::Denied } else { Verdict::Allowed },
        rule: Some("default /services/*".to_owned()),
    }
}

async fn store(connection: &mut Connection, records: &[RequestRecord]) {
    let batch: Vec<_> = records.iter().cloned().map(NewRecord::of).collect();
    audit_requests::create_all(connection, &batch, TTL).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_listed_newest_first_without_gap_although_times_tie() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let records: Vec<_> = (0..450).map(request).collect();
        store(&mut tx, &records).await;
        tx.commit().await.unwrap();
        let mut connection = database.store.read().await.unwrap();
        let (mut seen, mut offset) = (Vec::new(), None);
        loop {
            let page = Page::new(7, offset.as_deref()).unwrap();
            let filter = RequestFilter::default();
            let paged = audit_requests::list_requests(&mut connection, &filter, &page, NOW).await.unwrap();
            seen.extend(paged.items.into_iter().map(|item| item.record));
            offset = paged.offset;
            if offset.is_none() {
                break;
            }
        }
        assert!(seen.into_iter().eq(records.into_iter().rev()));
    }
}

#[tokio::test]
async fn a_batch_that_is_stored_twice_is_there_once() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let batch: Vec<_> = (0..5).map(request).map(NewRecord::of).collect();
        audit_requests::create_all(&mut tx, &batch[..3], TTL).await.unwrap();
        audit_requests::create_all(&mut tx, &batch, TTL).await.unwrap();
        assert_eq!(audit_requests::count_requests(&mut tx, &RequestFilter::default(), NOW).await.unwrap(), 5);
    }
}

#[tokio::test]
async fn filters_narrow_the_list_and_its_total() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let mut records: Vec<_> = (0..30).map(request).collect();
        records[4].client_ip = "2001:db8::1".to_owned();
        records[5].request_source = Some("kong-manager".to_owned());
        records[6].rbac_user_name = None;
        records[7].workspace = None;
        store(&mut tx, &records).await;
        let text = |text: &str| Some(text.to_owned());
        let cases = [
            (RequestFilter::default(), 30),
            (RequestFilter { status: Some(403), ..RequestFilter::default() }, 10),
            (RequestFilter { verdict: Some(Verdict::Denied), method: text("GET"), ..RequestFilter::default() }, 5),
            (RequestFilter { path: text("/services/3?a=b"), ..RequestFilter::default() }, 1),
            (RequestFilter { path: text("/services/"), ..RequestFilter::default() }, 0),
            (RequestFilter { client_ip: text("2001:db8::1"), ..RequestFilter::default() }, 1),
            (RequestFilter { request_source: text("kong-manager"), ..RequestFilter::default() }, 1),
            (RequestFilter { rbac_user_name: text("ann"), ..RequestFilter::default() }, 29),
            (RequestFilter { workspace: text("00000000-0000-0000-0000-000000000000"), ..RequestFilter::default() }, 29),
            (RequestFilter { request_id: text(&records[9].request_id), ..RequestFilter::default() }, 1),
            (RequestFilter { span: Span { after: Some(NOW), before: None }, ..RequestFilter::default() }, 20),
            (
                RequestFilter {
                    span: Span { after: Some(NOW), before: Some(NOW.plus(2)) },
                    ..RequestFilter::default()
                },
                10,
            ),
            (RequestFilter { path: text("' OR 1=1 --"), ..RequestFilter::default() }, 0),
        ];
        for (filter, expected) in cases {
            let paged = audit_requests::list_requests(&mut tx, &filter, &Page::default(), NOW).await.unwrap();
            let total = audit_requests::count_requests(&mut tx, &filter, NOW).await.unwrap();
            assert_eq!((total, paged.items.len()), (expected, expected as usize), "{filter:?}");
        }
    }
}

#[tokio::test]
async fn expired_records_are_neither_read_nor_kept() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let records: Vec<_> = [0, 10, 20].map(request).into();
        store(&mut tx, &records).await;
        audit_objects::create(&mut tx, &object("old", 0), TTL).await.unwrap();
        let now = NOW.plus(TTL + 1);
        let filter = RequestFilter::default();
        let paged = audit_requests::list_requests(&mut tx, &filter, &Page::default(), now).await.unwrap();
        let [last] = &paged.items[..] else { panic!("{paged:?}") };
        assert_eq!((last.ttl, last.expires_at), (1, now.plus(1)));
        assert!(audit_requests::find_request(&mut tx, &records[1].request_id, now).await.unwrap().is_none());
        let last = audit_requests::find_request(&mut tx, &records[2].request_id, now).await.unwrap().unwrap();
        assert_eq!(last.record, records[2]);
        assert_eq!(audit::purge_expired(&mut tx, now).await.unwrap(), 3);
        assert_eq!(audit_requests::count_requests(&mut tx, &filter, NOW).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn an_odd_character_costs_no_batch_and_a_forged_offset_is_refused() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let odd = RequestRecord { path: "/nul\0'\"\\%".to_owned(), ..request(1) };
        store(&mut tx, &[odd, request(2)]).await;
        let filter = RequestFilter::default();
        let paged = audit_requests::list_requests(&mut tx, &filter, &Page::default(), NOW).await.unwrap();
        assert_eq!(paged.items[1].record.path, "/nul\u{fffd}'\"\\%");
        let forged = Page { size: 10, after: "no-time".to_owned() };
        let refused = audit_requests::list_requests(&mut tx, &filter, &forged, NOW).await;
        assert!(matches!(refused, Err(StoreError::Offset(_))), "{refused:?}");
    }
}

fn object(request_id: &str, seconds: i64) -> ObjectRecord {
    ObjectRecord {
        id: Uuid::now_v7().to_string(),
        request_id: request_id.to_owned(),
        request_timestamp: NOW.plus(seconds),
        dao_name: "groups".to_owned(),
        entity_key: "g-1".to_owned(),
        entity: serde_json::json!({"name": "ops", "comment": null}),
        operation: "create".to_owned(),
        rbac_user_id: Some("u-1".to_owned()),
    }
}

#[tokio::test]
async fn changes_are_listed_and_found_by_their_request() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let mut objects = vec![object("r-1", 0), object("r-1", 0), object("r-2", 5)];
        objects[1].operation = "delete".to_owned();
        for object in &objects {
            audit_objects::create(&mut tx, object, TTL).await.unwrap();
        }
        let of_request = audit_objects::list_of_request(&mut tx, "r-1", NOW).await.unwrap();
        assert!(of_request.iter().map(|kept| &kept.record).eq(&objects[..2]));
        let filter = ObjectFilter { operation: Some("create".to_owned()), ..ObjectFilter::default() };
        let paged = audit_objects::list_objects(&mut tx, &filter, &Page::default(), NOW).await.unwrap();
        assert!(paged.items.iter().map(|kept| &kept.record).eq([&objects[2], &objects[0]]));
        let filter = ObjectFilter { entity_key: Some("g-2".to_owned()), ..ObjectFilter::default() };
        assert_eq!(audit_objects::count_objects(&mut tx, &filter, NOW).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn changes_belong_to_the_workspace_of_their_request() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let of_payments =
            RequestRecord { request_id: "r-1".to_owned(), workspace: Some("w-1".to_owned()), ..request(1) };
        store(&mut tx, &[of_payments, RequestRecord { request_id: "r-2".to_owned(), ..request(2) }]).await;
        for id in ["r-1", "r-2", "r-3"] {
            audit_objects::create(&mut tx, &object(id, 0), TTL).await.unwrap();
        }
        let filter = ObjectFilter { workspace: Some("w-1".to_owned()), ..ObjectFilter::default() };
        let paged = audit_objects::list_objects(&mut tx, &filter, &Page::default(), NOW).await.unwrap();
        assert!(paged.items.iter().map(|kept| kept.record.request_id.as_str()).eq(["r-1"]));
    }
}
