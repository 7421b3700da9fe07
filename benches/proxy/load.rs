//! The load: a number of requests over a number of connections, each answer read to its end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

/// Sends `count` requests and prints the seconds they took; every answer must be 200.
pub(crate) async fn run(count: u64, connections: usize, url: &str, headers: &[&str]) {
    let connector = awc::Connector::new().limit(connections).conn_keep_alive(Duration::from_secs(30));
    let client = headers
        .iter()
        .filter_map(|line| line.split_once(": "))
        .fold(awc::Client::builder().connector(connector).disable_redirects(), awc::ClientBuilder::add_default_header);
    let client = client.finish();
    let left = Rc::new(Cell::new(count));
    let start = Instant::now();
    join_all((0..connections).map(|_| worker(&client, url, Rc::clone(&left)))).await;
    println!("{:.3}", start.elapsed().as_secs_f64());
}

async fn worker(client: &awc::Client, url: &str, left: Rc<Cell<u64>>) {
    while left.get() > 0 {
        left.set(left.get() - 1);
        let mut answer = client.get(url).send().await.unwrap();
        let body = answer.body().await.unwrap();
        assert!(answer.status() == 200 && body.len() > 1000, "{}: {body:?}", answer.status());
    }
}
