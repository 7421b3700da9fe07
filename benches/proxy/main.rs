//! The parts of the proxy benchmark that must be fast themselves; `dev/bench/main.mjs` runs and compares them.
//!
//! ```text
//! proxy echo ADDRESS            an upstream that always gives the same page of services
//! proxy bare ADDRESS UPSTREAM   a reverse proxy that does nothing else, of the same parts as kong-sso's
//! proxy load COUNT CONNECTIONS URL [HEADER: VALUE]...
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

mod bare;
mod echo;
mod load;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let system = actix_web::rt::System::new();
    match words.as_slice() {
        ["echo", address] => system.block_on(echo::serve(address)),
        ["bare", address, upstream] => system.block_on(bare::serve(address, upstream)),
        ["load", count, connections, url, headers @ ..] => {
            system.block_on(load::run(count.parse().unwrap(), connections.parse().unwrap(), url, headers));
        }
        _ => println!("run `make bench`"),
    }
}
