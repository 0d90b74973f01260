//! The leaf: the sealed bytes of one entry, canonical JSON without any value, name or free text.
//!
//! Members that do not apply are absent. A leaf has one spelling: parsing accepts exactly what [`Leaf::bytes`] writes.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::canonical::{self, NotCanonical};
use crate::hash::{Hash, NotAHash};

/// Version of the format, member `v`.
pub const FORMAT: i64 = 1;

/// Largest leaf in bytes: tiles of entries carry a length of 16 bits (C2SP tlog-tiles).
pub const LEAF_BYTES_MAX: usize = 65_535;

/// Kind of the first entry of a log that continues another after a restore; its fields commit to the old log's origin,
/// size and root and to the reason. Only in such a log may a record's first leaf have a `previous`.
pub const SUCCESSION: &str = "succession";

/// Kind of the first entry of a demonstration's log, whose recorded times are of a simulated clock.
pub const DEMONSTRATION: &str = "demonstration";

/// One entry as it is sealed. Times are microseconds since 1970-01-01 UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// The log that this leaf was made for; a leaf copied into another log shows.
    pub log: Cow<'a, str>,
    /// Key of the record's type, such as `incident`.
    pub record_type: Cow<'a, str>,
    pub record: i64,
    /// 1 for the record's first entry, then one more each.
    pub record_version: i64,
    /// Leaf hash of the record's entry before this one; none exactly at version 1.
    pub previous: Option<Hash>,
    /// What kind of entry: `create`, `change`, `step`, …
    pub kind: Cow<'a, str>,
    /// When we recorded it: the server's own time, never from input.
    pub recorded: i64,
    /// When it was so.
    pub happened: i64,
    /// When the source says that it recorded it; imports only.
    pub claimed: Option<i64>,
    /// The person (record id) who acted; none for the system itself.
    pub actor: Option<i64>,
    pub on_behalf: Option<i64>,
    /// The role assignment (record id) that allowed it.
    pub grant: Option<i64>,
    /// The way in: `web`, `rest`, `import`, `system`, …
    pub channel: Cow<'a, str>,
    /// Identifier of the request, to find it in the server's own log.
    pub request: Option<Cow<'a, str>>,
    /// Hash of the model in force.
    pub model: Hash,
    /// Hash of the rules (settings, catalogue) in force.
    pub rules: Option<Hash>,
    /// `SHA-256` of each file that this entry attached, in the entry's order.
    pub attachments: Vec<Hash>,
    /// Commitments of the changed fields.
    pub fields: Fields<'a>,
}

/// Commitments by field key, sorted and without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Hash)>);

/// Why there is no such leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLeaf {
    #[error("field {0} occurs twice in one leaf")]
    DuplicateField(String),
    #[error("record version {version} {}", if *.previous { "has a previous leaf: expected none at version 1" } else { "needs the previous leaf's hash: expected none at version 1 only" })]
    Chain { version: i64, previous: bool },
    #[error("leaf has {0} bytes: expected at most {LEAF_BYTES_MAX}")]
    TooLong(usize),
    #[error("leaf member {0} is missing or has another type or range than expected")]
    Member(&'static str),
    #[error("leaf has the unknown member {0}")]
    Unknown(String),
    #[error("leaf is of format {0}: expected {FORMAT}")]
    Format(i64),
    #[error(transparent)]
    Canonical(#[from] NotCanonical),
}

impl<'a> Fields<'a> {
    /// Sorts the commitments; two for one key are refused.
    pub fn new(mut fields: Vec<(Cow<'a, str>, Hash)>) -> Result<Self, BadLeaf> {
        fields.sort_by(|(a, _), (b, _)| canonical::key_order(a, b));
        match fields.iter().zip(fields.iter().skip(1)).find(|(a, b)| a.0 == b.0) {
            Some(((key, _), _)) => Err(BadLeaf::DuplicateField(key.to_string())),
            None => Ok(Self(fields)),
        }
    }

    pub fn get(&self, key: &str) -> Option<&Hash> {
        let at = self.0.binary_search_by(|(other, _)| canonical::key_order(other, key)).ok()?;
        self.0.get(at).map(|(_, commitment)| commitment)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Hash)> {
        self.0.iter().map(|(key, commitment)| (key.as_ref(), commitment))
    }
}

impl Leaf<'_> {
    /// The sealed bytes.
    ///
    /// # Errors
    /// An integer beyond ±(2⁵³−1), a `previous` that does not fit the version, more than [`LEAF_BYTES_MAX`] bytes.
    pub fn bytes(&self) -> Result<Vec<u8>, BadLeaf> {
        if (self.record_version == 1) == self.previous.is_some() {
            return Err(BadLeaf::Chain { version: self.record_version, previous: self.previous.is_some() });
        }
        let mut out = Writer(Vec::with_capacity(512 + 96 * (self.fields.0.len() + self.attachments.len())));
        // In the order of canonical JSON; a test compares with the general writer.
        out.integer("actor", self.actor)?;
        out.hashes("attachments", &self.attachments);
        out.text("channel", Some(&self.channel));
        out.integer("claimed", self.claimed)?;
        out.fields("fields", &self.fields);
        out.integer("grant", self.grant)?;
        out.integer("happened", Some(self.happened))?;
        out.text("kind", Some(&self.kind));
        out.text("log", Some(&self.log));
        out.hash("model", Some(&self.model));
        out.integer("on_behalf", self.on_behalf)?;
        out.hash("previous", self.previous.as_ref());
        out.integer("record", Some(self.record))?;
        out.integer("recorded", Some(self.recorded))?;
        out.text("request", self.request.as_deref());
        out.hash("rules", self.rules.as_ref());
        out.text("type", Some(&self.record_type));
        out.integer("v", Some(FORMAT))?;
        out.integer("version", Some(self.record_version))?;
        out.finish()
    }

    /// Leaf hash, `SHA-256(0x00 ‖ bytes)`.
    pub fn hash(&self) -> Result<Hash, BadLeaf> {
        Ok(Hash::leaf(&self.bytes()?))
    }
}

impl Leaf<'static> {
    /// Reads sealed bytes back. Accepts only what [`Leaf::bytes`] would write, byte for byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadLeaf> {
        if bytes.len() > LEAF_BYTES_MAX {
            return Err(BadLeaf::TooLong(bytes.len()));
        }
        let json = serde_json::from_slice(bytes).map_err(|error| NotCanonical::Syntax(error.to_string()))?;
        let Value::Object(members) = json else { return Err(BadLeaf::Member("(the object itself)")) };
        let mut members = Reader(members);
        match members.integer("v")? {
            Some(FORMAT) => {}
            other => return Err(other.map_or(BadLeaf::Member("v"), BadLeaf::Format)),
        }
        let leaf = Leaf {
            log: members.text("log")?.ok_or(BadLeaf::Member("log"))?.into(),
            record_type: members.text("type")?.ok_or(BadLeaf::Member("type"))?.into(),
            record: members.integer("record")?.ok_or(BadLeaf::Member("record"))?,
            record_version: members.integer("version")?.ok_or(BadLeaf::Member("version"))?,
            previous: members.hash("previous")?,
            kind: members.text("kind")?.ok_or(BadLeaf::Member("kind"))?.into(),
            recorded: members.integer("recorded")?.ok_or(BadLeaf::Member("recorded"))?,
            happened: members.integer("happened")?.ok_or(BadLeaf::Member("happened"))?,
            claimed: members.integer("claimed")?,
            actor: members.integer("actor")?,
            on_behalf: members.integer("on_behalf")?,
            grant: members.integer("grant")?,
            channel: members.text("channel")?.ok_or(BadLeaf::Member("channel"))?.into(),
            request: members.text("request")?.map(Cow::Owned),
            model: members.hash("model")?.ok_or(BadLeaf::Member("model"))?,
            rules: members.hash("rules")?,
            attachments: members.hashes("attachments")?,
            fields: members.fields("fields")?,
        };
        if let Some((unknown, _)) = members.0.into_iter().next() {
            return Err(BadLeaf::Unknown(unknown));
        }
        // Catches what a tolerant JSON reader lets pass: spaces, order, repeated members, other escapes.
        if leaf.bytes()? == bytes { Ok(leaf) } else { Err(NotCanonical::Form.into()) }
    }
}

/// Writes one JSON object, leaving out members that do not apply.
struct Writer(Vec<u8>);

impl Writer {
    /// Names are those of this file: ASCII without anything to escape.
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend(b"\":");
    }

    fn integer(&mut self, name: &str, value: Option<i64>) -> Result<(), NotCanonical> {
        let Some(value) = value else { return Ok(()) };
        self.name(name);
        canonical::write_integer(value, &mut self.0)
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        self.name(name);
        canonical::write_string(value, &mut self.0);
    }

    fn hash(&mut self, name: &str, value: Option<&Hash>) {
        let Some(value) = value else { return };
        self.name(name);
        self.quoted(value);
    }

    fn hashes(&mut self, name: &str, values: &[Hash]) {
        if values.is_empty() {
            return;
        }
        self.name(name);
        let mut separator = b'[';
        for value in values {
            self.0.push(separator);
            self.quoted(value);
            separator = b',';
        }
        self.0.push(b']');
    }

    fn fields(&mut self, name: &str, values: &Fields<'_>) {
        if values.0.is_empty() {
            return;
        }
        self.name(name);
        let mut separator = b'{';
        for (key, commitment) in values.iter() {
            self.0.push(separator);
            canonical::write_string(key, &mut self.0);
            self.0.push(b':');
            self.quoted(commitment);
            separator = b',';
        }
        self.0.push(b'}');
    }

    fn quoted(&mut self, value: &Hash) {
        self.0.push(b'"');
        value.write_hex(&mut self.0);
        self.0.push(b'"');
    }

    fn finish(mut self) -> Result<Vec<u8>, BadLeaf> {
        self.0.push(b'}');
        if self.0.len() > LEAF_BYTES_MAX { Err(BadLeaf::TooLong(self.0.len())) } else { Ok(self.0) }
    }
}

/// Takes members out of a JSON object, so that what remains is unknown.
struct Reader(Map<String, Value>);

impl Reader {
    fn integer(&mut self, name: &'static str) -> Result<Option<i64>, BadLeaf> {
        self.0.remove(name).map(|value| value.as_i64().ok_or(BadLeaf::Member(name))).transpose()
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, BadLeaf> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(BadLeaf::Member(name)),
        }
    }

    fn hash(&mut self, name: &'static str) -> Result<Option<Hash>, BadLeaf> {
        self.0.remove(name).map(|value| hash(&value).map_err(|_| BadLeaf::Member(name))).transpose()
    }

    fn hashes(&mut self, name: &'static str) -> Result<Vec<Hash>, BadLeaf> {
        match self.0.remove(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|value| hash(value).map_err(|_| BadLeaf::Member(name))).collect()
            }
            Some(_) => Err(BadLeaf::Member(name)),
        }
    }

    fn fields(&mut self, name: &'static str) -> Result<Fields<'static>, BadLeaf> {
        match self.0.remove(name) {
            None => Ok(Fields::default()),
            Some(Value::Object(members)) => {
                let read = |(key, value)| match hash(&value) {
                    Ok(commitment) => Ok((Cow::Owned(key), commitment)),
                    Err(NotAHash) => Err(BadLeaf::Member(name)),
                };
                Fields::new(members.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(_) => Err(BadLeaf::Member(name)),
        }
    }
}

fn hash(value: &Value) -> Result<Hash, NotAHash> {
    value.as_str().ok_or(NotAHash).and_then(Hash::from_hex)
}
