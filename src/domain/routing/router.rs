//! All routes in the order in which they are tried.

use std::cmp::Reverse;

use super::rule::{HeaderRule, HostRule, PathRule, RouteRule, split_port, without_root};

/// Headers, whatever holds them.
pub trait HeaderLines {
    /// The value at `index` among the lines of `name`, which is lower case.
    fn line(&self, name: &str, index: usize) -> Option<&[u8]>;
}

/// What a router sees of a request.
#[derive(Clone, Copy)]
pub struct RoutingRequest<'r> {
    /// Method, upper case.
    pub method: &'r str,
    /// Host, with the port if one was sent; any case.
    pub authority: &'r str,
    /// Normalized path.
    pub path: &'r str,
    /// Its headers.
    pub headers: &'r dyn HeaderLines,
}

/// The route that a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index of the route.
    pub route: usize,
    /// How many bytes of the path its path took; `None` when the route names no path.
    pub taken: Option<usize>,
}

/// The routes.
#[derive(Clone, Debug, Default)]
pub struct Router {
    ways: Vec<Way>,
}

/// One path and one kind of hosts of a route.
#[derive(Clone, Debug)]
struct Way {
    route: usize,
    hosts: Vec<HostRule>,
    path: Option<PathRule>,
    methods: Vec<String>,
    headers: Vec<HeaderRule>,
    regex_priority: i64,
}

impl Router {
    /// A router of these rules; a route is found by its index among them.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = RouteRule>) -> Self {
        let mut ways: Vec<Way> =
            rules.into_iter().enumerate().flat_map(|(route, rule)| ways_of(route, &rule)).collect();
        ways.sort_by_key(Way::rank);
        Self { ways }
    }

    /// The first way that fits.
    #[must_use]
    pub fn find(&self, request: &RoutingRequest<'_>) -> Option<Found> {
        let lower = request.authority.to_ascii_lowercase();
        let (host, port) = split_port(&lower);
        let (host, port) = (without_root(host), port.and_then(|port| port.parse().ok()));
        self.ways.iter().find_map(|way| way.fit(request, host, port))
    }
}

fn ways_of(route: usize, rule: &RouteRule) -> Vec<Way> {
    let (plain, wildcard): (Vec<_>, Vec<_>) = rule.hosts.iter().cloned().partition(HostRule::is_plain);
    let mut kinds: Vec<_> = [plain, wildcard].into_iter().filter(|hosts| !hosts.is_empty()).collect();
    if kinds.is_empty() {
        kinds.push(Vec::new());
    }
    let paths: Vec<_> = if rule.paths.is_empty() { vec![None] } else { rule.paths.iter().cloned().map(Some).collect() };
    let way = |hosts: &Vec<HostRule>, path: &Option<PathRule>| Way {
        route,
        hosts: hosts.clone(),
        path: path.clone(),
        methods: rule.methods.clone(),
        headers: rule.headers.clone(),
        regex_priority: rule.regex_priority,
    };
    kinds.iter().flat_map(|hosts| paths.iter().map(move |path| way(hosts, path))).collect()
}

impl Way {
    /// Smaller is tried earlier. The sort keeps the order of declaration.
    fn rank(&self) -> impl Ord + use<> {
        let criteria =
            [!self.hosts.is_empty(), !self.headers.is_empty(), self.path.is_some(), !self.methods.is_empty()];
        let is_regex = matches!(self.path, Some(PathRule::Regex(_)));
        let length = match &self.path {
            Some(PathRule::Prefix(prefix)) => prefix.len(),
            _ => 0,
        };
        (
            Reverse(criteria.iter().filter(|is_there| **is_there).count()),
            Reverse(criteria),
            Reverse(self.hosts.iter().any(HostRule::is_plain)),
            Reverse(is_regex),
            Reverse(self.headers.len()),
            Reverse(if is_regex { self.regex_priority } else { 0 }),
            Reverse(length),
        )
    }

    fn fit(&self, request: &RoutingRequest<'_>, host: &str, port: Option<u16>) -> Option<Found> {
        let is_host = self.hosts.is_empty() || self.hosts.iter().any(|rule| rule.fits(host, port));
        let is_method = self.methods.is_empty() || self.methods.iter().any(|method| method == request.method);
        if !(is_host && is_method) {
            return None;
        }
        let taken = match &self.path {
            Some(path) => Some(path.taken(request.path)?),
            None => None,
        };
        self.headers.iter().all(|rule| has_header(rule, request)).then_some(Found { route: self.route, taken })
    }
}

/// Whether one line of the header fits.
fn has_header(rule: &HeaderRule, request: &RoutingRequest<'_>) -> bool {
    (0..).map_while(|index| request.headers.line(&rule.name, index)).any(|value| rule.fits(value))
}
