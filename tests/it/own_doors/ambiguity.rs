//! Ids that clients choose and names that are UUIDs never stand for two entities.

use serde_json::json;

use super::gateway::with_gateway;

const ENTRA: &str = "6c1be0a2-3d3c-4a2e-9d3e-0d6a5c8b9f00";
const CHOSEN: &str = "0b8ad0c2-5d64-4b5a-8f5e-2f3a4b5c6d7e";

#[actix_web::test]
async fn a_chosen_id_is_nobody_elses_name_and_a_name_nobody_elses_id() {
    with_gateway(async |g| {
        let root = g.root();
        for path in ["/groups", "/rbac/users", "/rbac/roles"] {
            for name in [ENTRA.to_owned(), "{AAAAAAAA-3D3C-4A2E-9D3E-0D6A5C8B9F00}".to_owned()] {
                root.create(path, json!({ "name": name })).await;
            }
            root.create(path, json!({ "name": "chosen", "id": CHOSEN })).await;
            for id in [ENTRA, "aaaaaaaa-3d3c-4a2e-9d3e-0d6a5c8b9f00"] {
                let shadow = root.post(path, json!({ "name": "shadow", "id": id })).await;
                assert_eq!((shadow.status, &shadow.body["fields"]), (409, &json!({ "id": id })), "{path}");
            }
            for name in [CHOSEN.to_owned(), CHOSEN.to_uppercase()] {
                let shadowed = root.post(path, json!({ "name": name })).await;
                assert_eq!((shadowed.status, &shadowed.body["fields"]), (409, &json!({ "name": name })), "{path}");
            }
            let put = root.put(&format!("{path}/aaaaaaaa-3d3c-4a2e-9d3e-0d6a5c8b9f00"), json!({ "name": "put" })).await;
            assert_eq!(put.status, 409, "{path}: {put:?}");
            assert_eq!(root.get(&format!("{path}/{ENTRA}")).await.body["name"], ENTRA, "{path}");
        }
        for path in ["/groups", "/rbac/users"] {
            root.create(path, json!({ "name": "other" })).await;
            let renamed = root.patch(&format!("{path}/other"), json!({ "name": CHOSEN })).await;
            assert_eq!((renamed.status, &renamed.body["fields"]), (409, &json!({ "name": CHOSEN })), "{path}");
        }
    })
    .await;
}
