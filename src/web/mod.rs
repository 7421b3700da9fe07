//! Listeners' doors: everything that knows HTTP. Nothing imports this folder but `app`.

pub mod admin_api;
pub mod admin_ui;
pub mod auth;
pub mod cors;
pub mod error;
pub mod gateway;
pub mod guard;
pub mod gui;
pub mod kconfig;
pub mod outlive;
pub mod pages;
pub mod peer;
pub mod portal_api;
pub mod portal_ui;
pub mod proxy;
pub mod remembered;
pub mod session;
pub mod status;
pub mod trail;
