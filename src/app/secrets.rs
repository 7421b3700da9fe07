//! Keys that the operator did not give: made once below `prefix`, readable by their owner only.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use secrecy::SecretString;

use super::StartError;
use crate::sealing::random_token;

/// The given secret, or the one in the file of that name below `prefix`, which is made when it is missing.
pub(super) fn given_or_made(
    given: Option<SecretString>,
    prefix: &Path,
    name: &str,
) -> Result<SecretString, StartError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let path = prefix.join(name);
    read_or_make(&path).map_err(|cause| StartError::Secret { path, cause })
}

fn read_or_make(path: &Path) -> io::Result<SecretString> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    // Written aside and linked when it is whole: nodes that start together must not read half of it.
    let aside = path.with_extension(random_token());
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(random_token().as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read(path),
    }
}

fn read(path: &Path) -> io::Result<SecretString> {
    let text = std::fs::read_to_string(path)?;
    let text = text.trim();
    if text.len() < 32 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it holds fewer than 32 characters"));
    }
    Ok(text.to_owned().into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn nodes_that_start_together_agree_on_a_key() {
        let directory = tempfile::tempdir().unwrap();
        let made = || given_or_made(None, directory.path(), "key").unwrap().expose_secret().to_owned();
        let keys: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(made)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let prefix = directory.path().join("new");
        let first = given_or_made(None, &prefix, "key").unwrap();
        let second = given_or_made(None, &prefix, "key").unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(std::fs::metadata(prefix.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(prefix.join("key"), "short").unwrap();
        assert!(given_or_made(None, &prefix, "key").is_err());
        assert_eq!(given_or_made(Some("given".to_owned().into()), &prefix, "key").unwrap().expose_secret(), "given");
    }
}
