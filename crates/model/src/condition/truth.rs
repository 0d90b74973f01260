//! Three truth values with Kleene's connectives: what a comparison with something unknown answers.

/// True, false, or not to be told from what is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    /// Only true lets a record through a filter, a permission or a guard.
    pub fn is_true(self) -> bool {
        self == Self::True
    }

    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "reads beside `and` and `or`; `!` on a three-valued thing misleads"
    )]
    pub fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// The form of a nullable boolean column: `None` is unknown.
    pub fn as_option(self) -> Option<bool> {
        match self {
            Self::True => Some(true),
            Self::False => Some(false),
            Self::Unknown => None,
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(truth: Option<bool>) -> Self {
        truth.map_or(Self::Unknown, Self::from)
    }
}
