//! What the engine sees of a request. Made by the door, which has already decided which forwarded headers to believe.

use std::net::IpAddr;

use url::form_urlencoded;

/// Request headers, whatever framework holds them.
pub trait Headers {
    /// The value at `index` among the lines of `name`, which is lower case.
    fn get(&self, name: &str, index: usize) -> Option<&[u8]>;
}

/// Top-level text arguments of a body: form fields, multipart fields, or text members of a JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(pub Vec<(String, String)>);

impl Arguments {
    /// The first value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A request.
#[derive(Clone, Copy)]
pub struct RequestView<'r> {
    /// Method, upper case.
    pub method: &'r str,
    /// External scheme: `http` or `https`.
    pub scheme: &'r str,
    /// External authority: host, and the port when it is not the scheme's own.
    pub authority: &'r str,
    /// Path in its one spelling, percent-encodings that mean something included: what is judged is what is forwarded.
    pub path: &'r str,
    /// Query without `?`.
    pub query: Option<&'r str>,
    /// Headers.
    pub headers: &'r dyn Headers,
    /// Arguments of the body, when [`Engine::wants_body`](super) asked for it and it has any.
    pub body: Option<&'r Arguments>,
    /// Address of the client, after trusted proxies.
    pub client: IpAddr,
    /// Whether an earlier plugin has authenticated the caller (openid-connect.md 1.2, step 2).
    pub is_authenticated: bool,
}

impl<'r> RequestView<'r> {
    /// The only line of a header, as text; `None` when it is absent or not UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'r str> {
        std::str::from_utf8(self.headers.get(name, 0)?).ok()
    }

    /// The first value of a query argument, decoded.
    #[must_use]
    pub fn query_argument(&self, name: &str) -> Option<String> {
        let pairs = form_urlencoded::parse(self.query?.as_bytes());
        pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Whether a browser may be navigating, as far as the request tells (openid-connect.md 1.6).
    #[must_use]
    pub fn may_be_navigation(&self) -> bool {
        let is_of_script = self.header("x-requested-with").is_some_and(|by| by.eq_ignore_ascii_case("XMLHttpRequest"));
        let is_of_another_mode = self.header("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
        matches!(self.method, "GET" | "HEAD") && !is_of_script && !is_of_another_mode
    }

    /// The value of a cookie: the first of that name.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&'r str> {
        (0..).map_while(|index| self.headers.get("cookie", index)).find_map(|line| {
            let pairs = std::str::from_utf8(line).ok()?.split(';');
            pairs
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        })
    }
}

impl std::fmt::Debug for RequestView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestView").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}
