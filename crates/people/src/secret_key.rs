//! The key that secrets in the store are encrypted with. It lies in a file beside the store, not in it: whoever gets
//! hold of a backup has no secrets yet.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use base::Rng;
use db::DbError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Encrypts with AES-256-GCM. Put into the context's extensions at start.
pub struct SecretKey(LessSafeKey);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretKeyError {
    /// The file can be neither read nor made.
    #[error("cannot read or make {path}: {reason}", path = .0.display(), reason = .1)]
    File(PathBuf, std::io::Error),
    /// The file holds something else.
    #[error("{path} does not hold 64 hexadecimal digits", path = .0.display())]
    Key(PathBuf),
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

fn open_failed(_: ring::error::Unspecified) -> DbError {
    DbError::Bug("a secret in the store was not encrypted with this server's secret key".to_owned())
}

impl SecretKey {
    /// The key made of these bytes; `None` when ring refuses them, which it never does.
    fn of(bytes: &[u8; 32]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// The key in a file of 64 hexadecimal digits. A file that is not there is made, readable by its owner only; of
    /// several programs that make it at the same time all get the same.
    ///
    /// # Errors
    /// [`SecretKeyError`].
    pub fn in_file(path: &Path, rng: &dyn Rng) -> Result<Self, SecretKeyError> {
        let failed = |error| SecretKeyError::File(path.to_owned(), error);
        match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make(path, rng).map_err(failed)?;
                let made = std::fs::read_to_string(path).map_err(failed)?;
                Self::read(&made).ok_or_else(|| SecretKeyError::Key(path.to_owned()))
            }
            Err(error) => Err(failed(error)),
            Ok(text) => Self::read(&text).ok_or_else(|| SecretKeyError::Key(path.to_owned())),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 64 {
            return None;
        }
        let mut key = [0_u8; 32];
        for (place, byte) in key.iter_mut().enumerate() {
            let start = place.checked_mul(2)?;
            *byte = u8::from_str_radix(text.get(start..start.checked_add(2)?)?, 16).ok()?;
        }
        Self::of(&key)
    }

    /// Encrypts a secret of `owner`: it cannot be put into another's place.
    pub(crate) fn seal(&self, random: &[u8; 32], owner: &str, secret: &[u8]) -> Result<Vec<u8>, DbError> {
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|place| random.get(place).copied().unwrap_or(0));
        let mut sealed = secret.to_vec();
        let nonce_value = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(nonce_value, Aad::from(owner.as_bytes()), &mut sealed)
            .or(Err(DbError::Bug("encrypting failed".to_owned())))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed for `owner`.
    pub(crate) fn open(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, DbError> {
        let (nonce, rest) =
            sealed.split_at_checked(NONCE_LEN).ok_or_else(|| open_failed(ring::error::Unspecified))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(open_failed)?;
        let mut rest = rest.to_vec();
        let plain =
            self.0.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut rest).map_err(open_failed)?;
        Ok(plain.to_vec())
    }
}

/// Writes a new key under a name of its own and links it to its place, so that nobody reads half of one.
fn make(path: &Path, rng: &dyn Rng) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut key = [0_u8; 32];
    rng.fill(&mut key);
    let mut name = [0_u8; 8];
    rng.fill(&mut name);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let beside = path.with_extension(format!("new-{}", hex(&name)));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(format!("{}\n", hex(&key)).as_bytes())?;
    file.sync_all()?;
    let linked = match std::fs::hard_link(&beside, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    std::fs::remove_file(&beside)?;
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_owner_and_with_its_key_only() {
        let (key, other) = (SecretKey::of(&[1; 32]).unwrap(), SecretKey::of(&[2; 32]).unwrap());
        let sealed = key.seal(&[7; 32], "anna", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(key.open("anna", &sealed).unwrap(), b"secret");
        assert!(key.open("bert", &sealed).is_err() && other.open("anna", &sealed).is_err());
        assert!(key.open("anna", b"short").is_err());
    }

    #[test]
    fn the_file_is_made_once_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("new");
        let path = folder.join("secret.key");
        let first = SecretKey::in_file(&path, &base::SystemRng).unwrap();
        let sealed = first.seal(&[7; 32], "anna", b"secret").unwrap();
        let second = SecretKey::in_file(&path, &base::SystemRng).unwrap();
        assert_eq!(second.open("anna", &sealed).unwrap(), b"secret");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
        std::fs::write(&path, "not a key").unwrap();
        assert!(matches!(SecretKey::in_file(&path, &base::SystemRng), Err(SecretKeyError::Key(_))));
    }
}
