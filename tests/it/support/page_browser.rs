//! A browser of the tests: keeps cookies by path, sends what browsers send, and reads pages.

use std::collections::BTreeMap;
use std::sync::Mutex;

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::op::{Op, User};

/// A browser.
pub struct Browser {
    client: reqwest::Client,
    origin: Url,
    /// By path and name.
    jar: Mutex<BTreeMap<(String, String), String>>,
}

/// What a browser shows.
pub struct Shown {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    page: Html,
}

impl Browser {
    pub fn new(origin: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, origin: Url::parse(origin).unwrap(), jar: Mutex::default() }
    }

    /// Loads a page without following redirects.
    pub async fn get(&self, path: &str) -> Shown {
        self.send(self.client.get(self.origin.join(path).unwrap()), path).await
    }

    /// Sends a form as the page of the same origin would.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let request = self.client.post(self.origin.join(path).unwrap()).header("sec-fetch-site", "same-origin");
        self.send(request.form(fields), path).await
    }

    /// Sends a form with other headers than a page of the same origin would.
    pub async fn post_from(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Shown {
        let request = self.client.post(self.origin.join(path).unwrap()).form(fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request, path).await
    }

    /// Opens `page`, fills its form for `action` and sends it: hidden fields and what is preselected go along.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Shown {
        let shown = self.get(page).await;
        assert_eq!(shown.status, 200, "{page}: {}", shown.text);
        let mut all = shown.form(action);
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = self.client.post(self.origin.join(action).unwrap()).header("sec-fetch-site", "same-origin");
        let from = self.origin.join(page).unwrap();
        self.send(request.header("referer", from.as_str()).form(&all), action).await
    }

    /// The same, and then the page that the answer leads to.
    pub async fn submit_and_follow(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Shown {
        let answer = self.submit(page, action, fields).await;
        assert_eq!(answer.status, 303, "{action}: {}", answer.text);
        self.get(&answer.location()).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, path: &str) -> Shown {
        let path = path.split(['?', '#']).next().unwrap().to_owned();
        let cookies = self.cookies_for(&path);
        let mut request = request.header("accept", "text/html,*/*").header("sec-fetch-mode", "navigate");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap());
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Shown { status, headers, page: Html::parse_document(&text), text }
    }

    fn cookies_for(&self, path: &str) -> String {
        let jar = self.jar.lock().unwrap();
        let is_sent = |at: &str| at == "/" || path == at || path.starts_with(&format!("{}/", at.trim_end_matches('/')));
        let sent = jar.iter().filter(|((at, _), _)| is_sent(at)).map(|((_, name), value)| format!("{name}={value}"));
        sent.collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<(String, String)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let of = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let key = (of("path").unwrap_or("/").to_owned(), name.to_owned());
        let mut jar = self.jar.lock().unwrap();
        if of("max-age") == Some("0") {
            jar.remove(&key);
        } else {
            jar.insert(key, value.to_owned());
        }
    }

    /// The value of a cookie, wherever it belongs.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().iter().find(|((_, known), _)| known == name).map(|(_, value)| value.clone())
    }

    /// Sets a cookie for the whole origin.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(("/".to_owned(), name.to_owned()), value.to_owned());
    }

    /// Walks the sign-in from `start` on: the button, the provider, the way back. Returns where it led.
    pub async fn sign_in(&self, op: &Op, user: User, start: &str) -> String {
        op.change(|behaviour| behaviour.user = user);
        let mut at = start.to_owned();
        let mut shown = self.get(&at).await;
        while matches!(shown.status, 302 | 303) {
            at = shown.location();
            if let Ok(url) = Url::parse(&at)
                && url.origin() != self.origin.origin()
            {
                return self.return_from(op, &url).await;
            }
            shown = self.get(&at).await;
        }
        let button = shown.one("a.btn-primary").attr("href").unwrap().to_owned();
        let to_provider = self.get(&button).await;
        assert_eq!(to_provider.status, 302, "{}", to_provider.text);
        self.return_from(op, &Url::parse(&to_provider.location()).unwrap()).await
    }

    /// Lets the provider answer, and brings the answer back.
    pub async fn return_from(&self, op: &Op, authorization_url: &Url) -> String {
        let answer = op.sign_in(authorization_url).await;
        let query: std::collections::HashMap<_, _> = authorization_url.query_pairs().collect();
        let back = Url::parse(&query["redirect_uri"]).unwrap();
        let landed = self.get(&format!("{}?{answer}", back.path())).await;
        assert_eq!(landed.status, 302, "{}", landed.text);
        landed.location()
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Shown {
    /// Where it leads.
    pub fn location(&self) -> String {
        let location = self.headers.get("location").unwrap_or_else(|| panic!("{} {}", self.status, self.text));
        location.to_str().unwrap().to_owned()
    }

    /// The one element of a selector.
    pub fn one(&self, what: &str) -> ElementRef<'_> {
        let selector = selector(what);
        let mut found = self.page.select(&selector);
        found.next().unwrap_or_else(|| panic!("no {what} in {} {}", self.status, self.text))
    }

    /// Whether there is such an element.
    pub fn has(&self, what: &str) -> bool {
        self.page.select(&selector(what)).next().is_some()
    }

    /// The words of every element of a selector.
    pub fn all(&self, what: &str) -> Vec<String> {
        self.page.select(&selector(what)).map(words).collect()
    }

    /// Values of an attribute of every element of a selector.
    pub fn attributes(&self, what: &str, name: &str) -> Vec<String> {
        self.page.select(&selector(what)).filter_map(|it| it.attr(name)).map(str::to_owned).collect()
    }

    /// The words of the whole page.
    pub fn words(&self) -> String {
        words(self.page.root_element())
    }

    /// Fields of the form that posts to `action`, as a browser would send them.
    fn form(&self, action: &str) -> Vec<(String, String)> {
        let forms = selector("form[method=post]");
        let form = self.page.select(&forms).find(|form| form.attr("action") == Some(action));
        let form = form.unwrap_or_else(|| panic!("no form for {action} in {}", self.text));
        let mut fields = Vec::new();
        for input in form.select(&selector("input[name]")) {
            let is_box = input.attr("type") == Some("checkbox");
            if is_box && input.attr("checked").is_none() {
                continue;
            }
            let value = input.attr("value").unwrap_or(if is_box { "on" } else { "" });
            fields.push((input.attr("name").unwrap().to_owned(), value.to_owned()));
        }
        for list in form.select(&selector("select[name]")) {
            let options = selector("option");
            let chosen = list.select(&options).find(|option| option.attr("selected").is_some());
            let chosen = chosen.or_else(|| list.select(&options).next());
            let value = chosen.and_then(|option| option.attr("value")).unwrap_or_default();
            fields.push((list.attr("name").unwrap().to_owned(), value.to_owned()));
        }
        fields
    }
}
