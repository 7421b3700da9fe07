//! The upstream: one page of services, as Kong would give it.

use actix_web::{App, HttpResponse, HttpServer, web};

/// Serves until the process ends.
pub(crate) async fn serve(address: &str) {
    let body = web::Bytes::from(page());
    let server = HttpServer::new(move || {
        let body = body.clone();
        App::new().default_service(web::to(move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type("application/json; charset=utf-8").body(body) }
        }))
    });
    server.workers(1).bind(address).unwrap().run().await.unwrap();
}

/// Five services, about two kilobytes.
fn page() -> String {
    let services: Vec<String> = (0..5)
        .map(|number| {
            format!(
                r#"{{"id":"8f0a7a5e-2d0b-4d7c-9a51-6c0e5f2b7d0{number}","name":"service-{number}","protocol":"http","host":"service-{number}.internal","port":8080,"path":"/v1","retries":5,"connect_timeout":60000,"read_timeout":60000,"write_timeout":60000,"enabled":true,"tags":["team-commerce"],"client_certificate":null,"tls_verify":null,"tls_verify_depth":null,"ca_certificates":null,"created_at":1700000000,"updated_at":1700000000}}"#
            )
        })
        .collect();
    format!(r#"{{"data":[{}],"next":null}}"#, services.join(","))
}
