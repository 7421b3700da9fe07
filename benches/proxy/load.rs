//! The load: a number of requests over a number of connections, each answer read to its end.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

/// Sends `count` requests and prints the seconds they took; every answer must be 200. A header `@FILE` names a file
/// of header lines that the requests take in turn.
pub(crate) async fn run(count: u64, connections: usize, url: &str, headers: &[&str]) {
    let connector = awc::Connector::new().limit(connections).conn_keep_alive(Duration::from_secs(30));
    let client = headers
        .iter()
        .filter_map(|line| line.split_once(": "))
        .fold(awc::Client::builder().connector(connector).disable_redirects(), awc::ClientBuilder::add_default_header);
    let client = client.finish();
    let file = headers.iter().find_map(|line| line.strip_prefix('@'));
    let lines = file.map(|path| std::fs::read_to_string(path).unwrap()).unwrap_or_default();
    let rotating: Vec<(&str, &str)> = lines.lines().filter_map(|line| line.split_once(": ")).collect();
    let left = Cell::new(count);
    let start = Instant::now();
    join_all((0..connections).map(|_| worker(&client, url, &left, &rotating))).await;
    println!("{:.3}", start.elapsed().as_secs_f64());
}

async fn worker(client: &awc::Client, url: &str, left: &Cell<u64>, rotating: &[(&str, &str)]) {
    while left.get() > 0 {
        left.set(left.get() - 1);
        let mut request = client.get(url);
        if let Some(header) = rotating.get(usize::try_from(left.get()).unwrap() % rotating.len().max(1)) {
            request = request.insert_header(*header);
        }
        let mut answer = request.send().await.unwrap();
        let body = answer.body().await.unwrap();
        assert!(answer.status() == 200, "{}: {body:?}", answer.status());
    }
}
