//! Signed notes (C2SP signed-note): a text and Ed25519 signatures below it, readable and checkable with common tools.
//!
//! The parser meets bytes from outside and must survive any of them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Signature type of plain Ed25519 (C2SP signed-note, "Signature types").
const ED25519: u8 = 0x01;

/// Largest note in bytes. Sixteen post-quantum signatures, which a reader must accept, take about 110 kB.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;

/// Most signatures that are looked at; C2SP asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;

/// Em dash and space before each signature.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A public key with the name under which it signs: `name+key id+base64(type ‖ key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

/// A private key with its name. Never printed: it has no `Debug`.
#[derive(Clone)]
pub struct SecretKey {
    key: SigningKey,
    verifier: VerifierKey,
}

/// A note taken apart; nothing in it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The signed text, with its last newline.
    text: &'a str,
    signatures: Vec<NoteSignature<'a>>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    pub name: &'a str,
    pub id: u32,
    signature: Vec<u8>,
}

/// A note of which at least one signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    pub text: &'a str,
    /// Names of the known keys that signed.
    pub signed_by: Vec<&'a str>,
    /// Names on signatures of keys that the reader does not know.
    pub unknown: Vec<&'a str>,
}

/// Why a note, or a key for one, is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("note is malformed: {0}")]
    Malformed(&'static str),
    #[error("verifier key is malformed: {0}")]
    Key(&'static str),
    #[error("key name {0:?} is not allowed: expected no spaces, no control characters and no plus sign")]
    Name(String),
    #[error("two known keys have the name {0} and the same key id")]
    Ambiguous(String),
    #[error("signature of {0} is wrong: the text was altered or another key signed it")]
    BadSignature(String),
    #[error("no signature of a known key")]
    Unsigned,
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        check_name(name)?;
        let id = key_id(name, &key);
        Ok(Self { name: name.to_owned(), id, key })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// First four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)`.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let shape = NoteError::Key("expected name+key id+base64");
        let (name, rest) = text.split_once('+').ok_or(shape.clone())?;
        let (id, key) = rest.split_once('+').ok_or(shape)?;
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key("the key is not base64"))?;
        let Some((&ED25519, key)) = bytes.split_first() else {
            return Err(NoteError::Key("unknown algorithm: expected Ed25519"));
        };
        let key = key.try_into().map_err(|_| NoteError::Key("expected 32 bytes of key"))?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::Key("not a point of the curve"))?;
        let verifier = Self::new(name, key)?;
        if format!("{:08x}", verifier.id) != id {
            return Err(NoteError::Key("key id does not belong to name and key"));
        }
        Ok(verifier)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

impl SecretKey {
    /// The key that follows from 32 secret random bytes.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key())?;
        Ok(Self { key, verifier })
    }

    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The note with this one signature. Ed25519 is deterministic: the same text gives the same note.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        check_text(text)?;
        let mut signature = self.verifier.id.to_be_bytes().to_vec();
        signature.extend(self.key.sign(text.as_bytes()).to_bytes());
        Ok(format!("{text}\n{SIGNATURE_MARK}{} {}\n", self.verifier.name, STANDARD.encode(signature)))
    }
}

impl<'a> Note<'a> {
    /// Takes a note apart without believing it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Malformed("it is too long"));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        let blank = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, block) = note.split_at(blank + 1);
        check_text(text)?;
        let block = block.strip_prefix('\n').and_then(|block| block.strip_suffix('\n'));
        let block = block.ok_or(NoteError::Malformed("no newline at its end"))?;
        let mut signatures = Vec::new();
        for line in block.split('\n') {
            if signatures.len() == SIGNATURES_MAX {
                return Err(NoteError::Malformed("too many signatures"));
            }
            signatures.push(signature(line)?);
        }
        Ok(Self { text, signatures })
    }

    /// Believes the text if a known key signed it. Signatures of unknown keys are passed over, a wrong one of a known
    /// key rejects the whole note.
    pub fn verify(&self, known: &'a [VerifierKey]) -> Result<Verified<'a>, NoteError> {
        let mut verified = Verified { text: self.text, signed_by: Vec::new(), unknown: Vec::new() };
        for line in &self.signatures {
            let mut keys = known.iter().filter(|key| key.name == line.name && key.id == line.id);
            let Some(verifier) = keys.next() else {
                verified.unknown.push(line.name);
                continue;
            };
            if keys.next().is_some() {
                return Err(NoteError::Ambiguous(line.name.to_owned()));
            }
            let bad = || NoteError::BadSignature(line.name.to_owned());
            let signature = Signature::from_slice(&line.signature).map_err(|_| bad())?;
            // Strict: refuses keys and signatures of small order, with which one signature fits several texts.
            verifier.key.verify_strict(self.text.as_bytes(), &signature).map_err(|_| bad())?;
            if !verified.signed_by.contains(&line.name) {
                verified.signed_by.push(line.name);
            }
        }
        if verified.signed_by.is_empty() { Err(NoteError::Unsigned) } else { Ok(verified) }
    }
}

fn signature(line: &str) -> Result<NoteSignature<'_>, NoteError> {
    let parts = line.strip_prefix(SIGNATURE_MARK).and_then(|rest| rest.split_once(' '));
    let (name, encoded) = parts.ok_or(NoteError::Malformed("a line below the empty line is no signature"))?;
    check_name(name)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Malformed("a signature is not base64"))?;
    match bytes.split_first_chunk() {
        Some((id, signature)) if !signature.is_empty() => {
            Ok(NoteSignature { name, id: u32::from_be_bytes(*id), signature: signature.to_vec() })
        }
        _ => Err(NoteError::Malformed("a signature is too short")),
    }
}

fn key_id(name: &str, key: &VerifyingKey) -> u32 {
    let digest = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().map_or(0, |id| u32::from_be_bytes(*id))
}

fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(NoteError::Name(name.to_owned()));
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("the text does not end with a newline"));
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Malformed("the text has a control character"));
    }
    Ok(())
}
