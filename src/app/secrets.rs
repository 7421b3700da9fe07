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
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let secret = random_token();
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
            Ok(secret.into())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path)?;
            let text = text.trim();
            if text.len() < 32 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it holds fewer than 32 characters"));
            }
            Ok(text.to_owned().into())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;

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
