//! Everything of one loaded file, linked together.

use std::sync::Arc;

use super::Consumers;
use super::engines::{EngineMaker, Engines};
use crate::config::declared::{AclConf, Declared, KeyAuthConf, Plugin, PluginConf, Problem, Service};
use crate::domain::routing::{Found, Router, RoutingRequest, upstream_path};
use crate::kong::origin::Origin;
use crate::oidc::engine::Engine;

/// A loaded file.
#[derive(Default)]
pub struct State {
    router: Router,
    routes: Vec<Route>,
    pub(super) consumers: Arc<Consumers>,
    pub(super) engines: Engines,
}

/// A route with its service and the plugins that count for it.
pub struct Route {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub service: Arc<Service>,
    /// The part of the service's URL that is the same for all requests; `None` when it is no URL.
    pub origin: Option<Origin>,
    /// Whether clear text is refused, and with which status.
    pub needs_tls: Option<u16>,
    /// `strip_path`.
    pub strip_path: bool,
    /// `preserve_host`.
    pub preserve_host: bool,
    /// What happens before.
    pub plugins: Plugins,
}

/// The effective instance of each plugin: that of the route, else of the service, else the global one.
#[derive(Clone, Default)]
pub struct Plugins {
    pub(super) key_auth: Option<Arc<KeyAuthConf>>,
    pub(super) oidc: Option<Arc<Engine>>,
    pub(super) acl: Option<Arc<AclConf>>,
}

impl State {
    /// Links a file; engines of the `earlier` state whose configuration is the same are kept.
    pub(super) fn new(declared: Declared, earlier: &Self, maker: &EngineMaker) -> Result<Self, Vec<Problem>> {
        let Declared { services, routes, consumers, consumer_groups, plugins, warnings } = declared;
        for warning in warnings {
            tracing::warn!("sso_proxy_config: {warning}");
        }
        let mut linker = Linker { engines: Engines::default(), earlier: &earlier.engines, maker };
        let global = linker.over(Plugins::default(), &plugins)?;
        let services = services
            .into_iter()
            .map(|service| Ok((linker.over(global.clone(), &service.plugins)?, Arc::new(service))))
            .collect::<Result<Vec<_>, Vec<Problem>>>()?;
        let mut served = Vec::with_capacity(routes.len());
        let mut rules = Vec::with_capacity(routes.len());
        for route in routes {
            let Some((inherited, service)) = services.get(route.service) else { continue };
            served.push(Route {
                name: route.name,
                origin: origin_of(service),
                service: Arc::clone(service),
                needs_tls: route.needs_tls.then_some(route.https_redirect_status),
                strip_path: route.strip_path,
                preserve_host: route.preserve_host,
                plugins: linker.over(inherited.clone(), &route.plugins)?,
            });
            rules.push(route.rule);
        }
        let consumers = Arc::new(Consumers::new(consumers, consumer_groups));
        Ok(Self { router: Router::new(rules), routes: served, consumers, engines: linker.engines })
    }

    /// The route of a request, and how much of the path it took.
    #[must_use]
    pub fn route(&self, request: &RoutingRequest<'_>) -> Option<(&Route, Found)> {
        let found = self.router.find(request)?;
        Some((self.routes.get(found.route)?, found))
    }

    /// How many routes there are.
    #[must_use]
    pub fn route_count(&self) -> usize {
        self.routes.len()
    }
}

impl Route {
    /// The path for the upstream, and the part of the request's path that was taken off; `None` when what is left must not
    /// be forwarded.
    #[must_use]
    pub fn upstream_path<'p>(&self, path: &'p str, found: Found) -> Option<(String, Option<&'p str>)> {
        let taken = found.taken.filter(|_| self.strip_path);
        Some((upstream_path(&self.service.path, path, taken)?, taken.and_then(|taken| path.get(..taken))))
    }
}

fn origin_of(service: &Service) -> Option<Origin> {
    let (scheme, usual) = if service.is_tls { ("https", 443) } else { ("http", 80) };
    Origin::new(scheme, &service.host, (service.port != usual).then_some(service.port))
}

/// Makes plugins of their configurations.
struct Linker<'l> {
    engines: Engines,
    earlier: &'l Engines,
    maker: &'l EngineMaker,
}

impl Linker<'_> {
    /// These plugins with `nearer` ones in their place.
    fn over(&mut self, mut plugins: Plugins, nearer: &[Plugin]) -> Result<Plugins, Vec<Problem>> {
        for plugin in nearer {
            match &plugin.conf {
                PluginConf::KeyAuth(conf) => plugins.key_auth = Some(Arc::new(conf.clone())),
                PluginConf::Acl(conf) => plugins.acl = Some(Arc::new(conf.clone())),
                PluginConf::OpenIdConnect(conf) => {
                    let at_its_place = |problem: Problem| vec![Problem { place: plugin.place.clone(), ..problem }];
                    let engine = self.engines.of(conf, self.earlier, self.maker).map_err(at_its_place)?;
                    plugins.oidc = Some(engine);
                }
            }
        }
        Ok(plugins)
    }
}
