//! Style, scripts and images, embedded in the binary. Their names carry a digest, so browsers may keep them for ever.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Path;
use actix_web::{HttpResponse, Responder};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::sealing::sha256_hex;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// An asset ready to be served.
struct Asset {
    file: EmbeddedFile,
    media_type: &'static str,
}

/// Assets by their public name, and public names by file name.
struct Index {
    assets: HashMap<String, Asset>,
    names: HashMap<String, String>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { assets: HashMap::new(), names: HashMap::new() };
    for name in Files::iter() {
        let Some(file) = Files::get(&name) else { continue };
        let digest: String = sha256_hex(&file.data).chars().take(12).collect();
        let (stem, kind) = name.rsplit_once('.').unwrap_or((&name, ""));
        let public = format!("{stem}.{digest}.{kind}");
        index.names.insert(name.to_string(), public.clone());
        index.assets.insert(public, Asset { file, media_type: media_type(kind) });
    }
    index
});

fn media_type(kind: &str) -> &'static str {
    match kind {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// URLs of the assets that every page needs.
#[derive(Clone, Debug)]
pub struct Assets {
    base: String,
    /// Style sheet.
    pub css: String,
    /// Script.
    pub js: String,
    /// Icon sprite.
    pub icons: String,
    /// Icon of the tab.
    pub favicon: String,
}

impl Assets {
    /// URLs below the path of the admin pages.
    #[must_use]
    pub fn below(base: &str) -> Self {
        let url = |name: &str| format!("{base}/assets/{}", public_name(name));
        Self {
            css: url("app.css"),
            js: url("app.js"),
            icons: url("icons.svg"),
            favicon: url("favicon.svg"),
            base: base.to_owned(),
        }
    }

    /// The URL of another asset.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("{}/assets/{}", self.base, public_name(name))
    }
}

fn public_name(name: &str) -> &str {
    INDEX.names.get(name).map_or(name, String::as_str)
}

/// The text of a script, for the one that is sent together with generated values.
#[must_use]
pub fn script(name: &str) -> String {
    Files::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default()
}

/// Serves an asset by its public name.
pub async fn serve(name: Path<String>) -> impl Responder {
    match INDEX.assets.get(name.as_str()) {
        Some(asset) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.media_type))
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header(("x-content-type-options", "nosniff"))
            .body(asset.file.data.to_vec()),
        None => HttpResponse::NotFound().insert_header((CACHE_CONTROL, "no-store")).finish(),
    }
}
