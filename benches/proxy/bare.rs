//! A reverse proxy that decides nothing: the same server, client and way of streaming as kong-sso's.

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

struct Upstream {
    client: awc::Client,
    origin: String,
}

/// Serves until the process ends.
pub(crate) async fn serve(address: &str, upstream: &str) {
    let origin = upstream.trim_end_matches('/').to_owned();
    let server = HttpServer::new(move || {
        let client = awc::Client::builder()
            .connector(awc::Connector::new().conn_keep_alive(Duration::from_secs(30)))
            .disable_redirects()
            .no_default_headers()
            .finish();
        App::new().app_data(Data::new(Upstream { client, origin: origin.clone() })).default_service(web::to(forward))
    });
    server.tcp_nodelay(true).bind(address).unwrap().run().await.unwrap();
}

async fn forward(request: HttpRequest, upstream: Data<Upstream>) -> HttpResponse {
    let target = format!("{}{}", upstream.origin, request.uri());
    let mut sent = upstream.client.request(request.method().clone(), target);
    for (name, value) in request.headers() {
        if name != HOST && name != CONNECTION {
            sent.headers_mut().append(name.clone(), value.clone());
        }
    }
    let answer = sent.send().await.unwrap();
    let mut response = HttpResponse::build(answer.status());
    for (name, value) in answer.headers() {
        if name != CONNECTION && name != TRANSFER_ENCODING && name != CONTENT_LENGTH {
            response.append_header((name.clone(), value.clone()));
        }
    }
    let length = answer.headers().get(CONTENT_LENGTH).unwrap().to_str().unwrap().parse().unwrap();
    response.no_chunking(length).body(SizedStream::new(length, answer))
}
