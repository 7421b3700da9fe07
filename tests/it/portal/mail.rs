//! Scenarios 101 and 102: how mails leave.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::with_portal;

/// A mail server that takes one mail and hands it over.
fn take_one(listener: TcpListener) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut writer = stream.try_clone().unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut say = move |text: &str| writer.write_all(format!("{text}\r\n").as_bytes()).unwrap();
        say("220 test");
        let mut mail = String::new();
        while let Some(Ok(line)) = lines.next() {
            match line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" | "HELO" => say("250 test"),
                "DATA" => {
                    say("354 go on");
                    for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    say("250 taken");
                    sender.send(mail.clone()).unwrap();
                }
                "QUIT" => return say("221 bye"),
                _ => say("250 ok"),
            }
        }
    });
    receiver
}

#[actix_web::test]
async fn dp_101_in_mock_mode_mails_are_files_and_no_server_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    with_portal(
        |settings| {
            settings.mail.host = "127.0.0.1".to_owned();
            settings.mail.port = port;
        },
        async |scene| {
            assert_eq!(scene.register("ann@example.com").await["smtp_mock"], true);
            assert_eq!(scene.mails().await.len(), 1);
            assert!(listener.accept().is_err(), "nobody connected");
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_102_a_registration_does_not_wait_for_a_mail_server_that_is_down() {
    // Nobody listens there at first.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    with_portal(
        |settings| {
            settings.mail.mock = false;
            settings.mail.outbox = None;
            settings.mail.host = "127.0.0.1".to_owned();
            settings.mail.port = port;
            settings.portal.mails.from = Some("Portal <portal@example.com>".to_owned());
        },
        async |scene| {
            let made = scene.register("ann@example.com").await;
            assert_eq!((&made["developer"]["status"], &made["smtp_mock"]), (&json!(1), &json!(false)));
            let services = scene.running.node.services();
            let counts = async || {
                let mut connection = scene.store.read().await.unwrap();
                kong_sso::store::mails::count(&mut connection).await.unwrap()
            };
            services.deliver_mails().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(counts().await, (1, 0), "it waits");
            let receiver = take_one(TcpListener::bind(("127.0.0.1", port)).unwrap());
            scene.running.later(61);
            for _ in 0..100 {
                services.deliver_mails().await.unwrap();
                if counts().await == (0, 0) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let mail = receiver.recv_timeout(Duration::from_secs(5)).unwrap();
            assert!(mail.contains("To: boss@example.com") && mail.contains("From: Portal <portal@example.com>"));
            assert!(mail.contains("text/plain") && mail.contains("text/html"), "{mail}");
        },
    )
    .await;
}

#[actix_web::test]
async fn files_of_mails_are_for_the_servers_own_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("mails");
    with_portal(
        |settings| settings.mail.outbox = Some(outbox.clone()),
        async |scene| {
            scene.register("ann@example.com").await;
            scene.mails().await;
            let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&outbox), 0o700);
            let files: Vec<_> = std::fs::read_dir(&outbox).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(!files.is_empty() && files.iter().all(|file| mode(file) == 0o600), "{files:?}");
            std::fs::remove_dir_all(&outbox).unwrap();
        },
    )
    .await;
}
