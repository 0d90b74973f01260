//! Who asks, and what his roles let him do with a type of record.

use std::collections::BTreeSet;

use model::{Permission, RecordType, Slot};

/// What a token allows at most; a session allows all that its person may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub write: bool,
    pub import: bool,
    pub admin: bool,
}

impl Allowance {
    pub const ALL: Self = Self { write: true, import: true, admin: true };
    pub const READ: Self = Self { write: false, import: false, admin: false };
}

/// A role held on this day, and the record of its assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub role: String,
    pub assignment: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The person's record; none for the engine itself (timers).
    pub person: Option<i64>,
    pub number: String,
    pub name: String,
    pub held: Vec<Held>,
    /// The scopes of a person who is not of all scopes (his customer).
    pub scopes: Vec<i64>,
    pub allowance: Allowance,
}

impl Principal {
    /// The engine acting by itself: timers and imports' own bookkeeping. May do what the model's permissions say of
    /// nobody, and is named as such in the ledger.
    pub fn system() -> Self {
        Self {
            person: None,
            number: String::new(),
            name: "Vouch".to_owned(),
            held: Vec::new(),
            scopes: Vec::new(),
            allowance: Allowance::ALL,
        }
    }

    pub fn is_system(&self) -> bool {
        self.person.is_none()
    }

    pub fn has_role(&self, role: &str) -> bool {
        self.held.iter().any(|held| held.role == role)
    }

    /// The permissions on a type that the principal's roles give, with the assignment that gave each.
    pub fn permissions<'a>(&'a self, record_type: &'a RecordType) -> impl Iterator<Item = (&'a Held, &'a Permission)> {
        self.held.iter().filter_map(|held| record_type.permissions.get(&held.role).map(|permission| (held, permission)))
    }

    pub fn may_read(&self, record_type: &RecordType) -> bool {
        self.is_system() || self.permissions(record_type).any(|(_, permission)| permission.read.is_some())
    }

    pub fn may_create(&self, record_type: &RecordType) -> bool {
        let write = self.allowance.write;
        self.is_system() || (write && self.permissions(record_type).any(|(_, permission)| permission.create.is_some()))
    }

    /// The scopes within which records of the type are seen; `None` is all.
    pub fn scopes_for(&self, record_type: &RecordType) -> Option<&[i64]> {
        let wide = self.is_system()
            || record_type.scope.is_none()
            || self.permissions(record_type).any(|(_, p)| p.read.is_some() && !p.scoped);
        (!wide).then_some(&self.scopes)
    }

    /// Whether only the public part is shown: no internal comments, history or proofs.
    pub fn public_only(&self, record_type: &RecordType) -> bool {
        !self.is_system() && self.permissions(record_type).filter(|(_, p)| p.read.is_some()).all(|(_, p)| p.public_only)
    }

    /// Fields that none of the reading roles shows.
    pub fn hidden(&self, record_type: &RecordType) -> BTreeSet<Slot> {
        self.none_of(record_type, |permission| &permission.hide)
    }

    /// Fields that are seen and not to be written, or not even seen.
    pub fn fixed(&self, record_type: &RecordType) -> BTreeSet<Slot> {
        self.none_of(record_type, |permission| &permission.fixed)
    }

    fn none_of<'a>(&'a self, record_type: &'a RecordType, list: fn(&Permission) -> &Vec<Slot>) -> BTreeSet<Slot> {
        if self.is_system() {
            return BTreeSet::new();
        }
        let mut sets = self
            .permissions(record_type)
            .filter(|(_, permission)| permission.read.is_some())
            .map(|(_, permission)| list(permission).iter().copied().collect::<BTreeSet<_>>());
        let first = sets.next().unwrap_or_default();
        sets.fold(first, |common, set| common.intersection(&set).copied().collect())
    }

    /// Whether some role lists this transition (or all).
    pub fn may_move<'a>(&'a self, record_type: &'a RecordType, transition: &str) -> Option<&'a Held> {
        if !self.allowance.write {
            return None;
        }
        self.permissions(record_type)
            .find(|(_, permission)| permission.transitions.iter().any(|t| t == transition || t == "*"))
            .map(|(held, _)| held)
    }

    pub fn may_comment<'a>(&'a self, record_type: &'a RecordType, public: bool) -> Option<&'a Held> {
        let wanted = if public { "public" } else { "internal" };
        if !self.allowance.write {
            return None;
        }
        self.permissions(record_type).find(|(_, p)| p.comment.iter().any(|kind| kind == wanted)).map(|(held, _)| held)
    }
}
