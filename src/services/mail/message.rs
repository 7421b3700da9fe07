//! What a mail says, and its two faces.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::super::error::ServiceError;
use crate::domain::developer::EmailAddress;

/// A link of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it does.
    pub label: &'static str,
    /// Where it leads.
    pub url: String,
}

/// A mail to one person.
#[derive(Clone, Debug)]
pub struct Message {
    /// Name of its template in dev-portal.md 10.1.
    pub template: &'static str,
    /// Who gets it.
    pub to: EmailAddress,
    /// Subject and heading.
    pub subject: String,
    /// What it says.
    pub paragraphs: Vec<String>,
    /// Links, the most important first.
    pub links: Vec<Link>,
    /// What stands below them.
    pub footnote: String,
    /// Name of the portal.
    pub portal_name: String,
    /// Address of the portal.
    pub portal_url: String,
    /// `portal_emails_from`.
    pub from: Option<String>,
    /// `portal_emails_reply_to`.
    pub reply_to: Option<String>,
}

/// A mail as it waits, ready to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub struct Content {
    /// `From`.
    pub from: String,
    /// `Reply-To`.
    pub reply_to: Option<String>,
    /// `Subject`.
    pub subject: String,
    /// The plain face.
    pub text: String,
    /// The HTML face.
    pub html: String,
}

#[derive(Template)]
#[template(path = "mails/mail.txt", escape = "none")]
struct TextFace<'m> {
    heading: &'m str,
    paragraphs: &'m [String],
    links: &'m [Link],
    footnote: &'m str,
    portal_name: &'m str,
    portal_url: &'m str,
}

#[derive(Template)]
#[template(path = "mails/mail.html")]
struct HtmlFace<'m> {
    heading: &'m str,
    paragraphs: &'m [String],
    links: &'m [Link],
    footnote: &'m str,
    portal_name: &'m str,
    portal_url: &'m str,
}

impl Message {
    /// Both faces. `sender` stands in where none is configured.
    ///
    /// # Errors
    /// A template could not be rendered.
    pub(super) fn render(&self, sender: &str) -> Result<Content, ServiceError> {
        let Self { subject: heading, paragraphs, links, footnote, portal_name, portal_url, .. } = self;
        let failed = |error: askama::Error| ServiceError::Shared(format!("a mail could not be written: {error}"));
        let text = TextFace { heading, paragraphs, links, footnote, portal_name, portal_url };
        let html = HtmlFace { heading, paragraphs, links, footnote, portal_name, portal_url };
        Ok(Content {
            from: self.from.clone().unwrap_or_else(|| sender.to_owned()),
            reply_to: self.reply_to.clone(),
            subject: heading.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
            text: text.render().map_err(failed)?,
            html: html.render().map_err(failed)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_people_write_is_text_in_both_faces_and_no_header() {
        let message = Message {
            template: "request-access",
            to: EmailAddress::parse("ann@example.com").unwrap(),
            subject: "Hello\r\nBcc: x@y.z".to_owned(),
            paragraphs: vec!["<script>alert(1)</script> & co".to_owned()],
            links: vec![Link { label: "Open", url: "https://a.b/?x=1&y=2".to_owned() }],
            footnote: String::new(),
            portal_name: "Developer portal".to_owned(),
            portal_url: "https://a.b".to_owned(),
            from: None,
            reply_to: None,
        };
        let content = message.render("noreply@a.b").unwrap();
        assert!(!content.subject.contains(['\r', '\n']));
        assert!(!content.html.contains("<script>") && content.html.contains("&#60;script&#62;"));
        assert!(
            content.text.contains("<script>alert(1)</script> & co") && content.text.contains("https://a.b/?x=1&y=2")
        );
    }
}
