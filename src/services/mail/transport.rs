//! The two ways out: a mail server, and a directory of `.eml` files.

use std::path::{Path, PathBuf};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt as _;

use super::message::Content;
use crate::config::portal::{MailSettings, SmtpTls};
use crate::config::settings::EgressSettings;

/// Why a mail did not leave. Holds nothing of its content.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the mail cannot be composed: {0}")]
    Compose(String),
    #[error("the mail server refused: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("the mail cannot be written below sso_portal_outbox_dir: {0}")]
    Outbox(#[from] std::io::Error),
}

/// Where mails go.
pub(super) struct Transport {
    smtp: Option<Result<AsyncSmtpTransport<Tokio1Executor>, String>>,
    outbox: Option<PathBuf>,
    domain: String,
}

impl Transport {
    pub(super) fn new(settings: &MailSettings, egress: &EgressSettings) -> Self {
        let smtp = (!settings.mock).then(|| smtp(settings, egress));
        Self { smtp, outbox: settings.outbox.clone(), domain: settings.domain.clone() }
    }

    /// Sends one mail. The file is written first: it tells of mails that no server took.
    pub(super) async fn send(&self, id: &str, recipient: &str, content: &Content) -> Result<(), SendError> {
        let mail = compose(id, &self.domain, recipient, content)?;
        if let Some(directory) = &self.outbox {
            write(directory, id, &mail.formatted()).await?;
        }
        match &self.smtp {
            Some(Ok(smtp)) => drop(smtp.send(mail).await?),
            Some(Err(cause)) => return Err(SendError::Compose(cause.clone())),
            None => {}
        }
        Ok(())
    }
}

fn smtp(settings: &MailSettings, egress: &EgressSettings) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let parameters = || {
        let roots = egress.extra_roots.iter().map(|pem| Certificate::from_pem(pem.as_bytes()));
        let roots = roots.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        let builder = TlsParameters::builder(settings.host.clone());
        let builder = roots.into_iter().fold(builder, |builder, root| builder.add_root_certificate(root));
        builder.build().map_err(|error| error.to_string())
    };
    let tls = match settings.tls {
        SmtpTls::Off => Tls::None,
        SmtpTls::Starttls => Tls::Required(parameters()?),
        SmtpTls::Implicit => Tls::Wrapper(parameters()?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .hello_name(ClientId::Domain(settings.domain.clone()))
        .timeout(Some(settings.timeout));
    if let Some(login) = &settings.login {
        let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
        let mechanism = if login.is_login { Mechanism::Login } else { Mechanism::Plain };
        builder = builder.credentials(credentials).authentication(vec![mechanism]);
    }
    Ok(builder.build())
}

fn compose(id: &str, domain: &str, recipient: &str, content: &Content) -> Result<lettre::Message, SendError> {
    let wrong = |error: &dyn std::fmt::Display| SendError::Compose(error.to_string());
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| wrong(&error));
    let mut builder = lettre::Message::builder()
        .from(mailbox(&content.from)?)
        .to(mailbox(recipient)?)
        .subject(content.subject.clone())
        .message_id(Some(format!("<{id}@{domain}>")));
    if let Some(reply_to) = &content.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let faces = MultiPart::alternative_plain_html(content.text.clone(), content.html.clone());
    builder.multipart(faces).map_err(|error| wrong(&error))
}

/// Written aside and renamed, so that nobody reads half a mail. Mails carry links that open accounts: only the server's
/// own user may read them.
async fn write(directory: &Path, id: &str, bytes: &[u8]) -> std::io::Result<()> {
    tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).await?;
    let (aside, path) = (directory.join(format!(".{id}")), directory.join(format!("{id}.eml")));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside).await?;
    file.write_all(bytes).await?;
    file.flush().await?;
    tokio::fs::rename(&aside, &path).await
}
