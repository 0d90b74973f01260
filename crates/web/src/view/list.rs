//! A list of records: the queue of incidents and, by the same template, the list of every other record type.

use askama::Template;

use super::{
    filters,
    form::Choice,
    markup,
    parts::{Empty, Mark, Shown},
    shell::{AtControl, Shell},
};

/// `/incidents`, `/services`, … The address is the state: view, filter, facets, sort, columns, time and cursor.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/list.html")]
pub struct ListPage {
    pub shell: Shell,
    /// `Incidents`.
    pub heading: String,
    /// The plural inside a sentence: `incidents`.
    pub noun: String,
    /// `/incidents`.
    pub path: String,
    pub views: Vec<Tab>,
    /// `GET {path}/counts?…` with the query of this page answers [`Counts`]; loaded after the page.
    pub counts_src: Option<String>,
    pub filter: FilterLine,
    pub facets: Vec<Facet>,
    /// `GET {path}/facets?…` answers [`Facets`]: the same facets, with counts and linked records; loaded after the page.
    pub facets_src: Option<String>,
    /// How many facet values are chosen.
    pub facets_chosen: usize,
    pub sorts: Vec<MenuItem>,
    pub groupings: Vec<MenuItem>,
    /// All columns of the type, in order, with those shown marked. Posted as `columns` by GET.
    pub column_choices: Vec<Choice>,
    pub export_href: String,
    /// `None` where the past of this type cannot be listed.
    pub at: Option<AtControl>,
    /// What the table shows, for those who listen: `184 open incidents, those that breach first on top`.
    pub caption: String,
    pub columns: Vec<Column>,
    pub groups: Vec<Group>,
    /// The next page.
    pub next_href: Option<String>,
    /// The search gave up early: `searched back to 3 March`. Then `next_href` goes on from there.
    pub searched_back_to: Option<String>,
    /// `None` hides selection: the reader may assign nothing, or the page shows the past.
    pub bulk: Option<Bulk>,
    /// There are no records of this type at all.
    pub empty: Option<Empty>,
}

impl ListPage {
    fn rows(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len()).sum()
    }

    /// Cells of a row: the columns, and the check box.
    fn span(&self) -> usize {
        self.columns.len() + usize::from(self.bulk.is_some())
    }

    fn sorted_by(&self) -> &str {
        self.sorts.iter().find(|sort| sort.current).map_or("default", |sort| &sort.label)
    }
}

/// A fixed view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tab {
    /// As in `?view=`; the count that arrives late is keyed `view:KEY`.
    pub key: String,
    pub label: String,
    pub href: String,
    pub current: bool,
    /// Known at once, else empty.
    pub count: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MenuItem {
    pub label: String,
    pub href: String,
    pub current: bool,
}

/// The condition of the list as text (CEL), posted as `filter` by GET.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterLine {
    pub value: String,
    /// The rest of the query (view, sort, columns, at), kept.
    pub hidden: Vec<(String, String)>,
    pub error: Option<FilterError>,
    /// Drops filter and facets; `None` while there are none.
    pub clear_href: Option<String>,
}

/// Where a condition cannot be read or may not be asked. The list below shows nothing then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterError {
    /// `there is no field "prio"; did you mean "priority"?`
    pub message: String,
    /// The text before, at and after the place.
    pub before: String,
    pub at: String,
    pub after: String,
}

/// Values of one field, each a link that adds or drops it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facet {
    /// Field: counts that arrive late are keyed `facet:KEY:VALUE`.
    pub key: String,
    pub label: String,
    pub open: bool,
    pub values: Vec<FacetValue>,
    /// `12 more`, when the values go on.
    pub more: Option<MenuItem>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FacetValue {
    pub key: String,
    pub label: Shown,
    /// The address with this value toggled.
    pub href: String,
    pub chosen: bool,
    /// Empty while it is not known.
    pub count: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub label: String,
    pub role: Role,
    /// `None`: the list cannot be sorted by it.
    pub sort: Option<ColumnSort>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSort {
    pub href: String,
    pub direction: Option<Direction>,
}

impl ColumnSort {
    /// For `aria-sort`.
    fn order(&self) -> Option<&'static str> {
        self.direction.map(|direction| match direction {
            Direction::Ascending => "ascending",
            Direction::Descending => "descending",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// What a column is for decides its width, and what becomes of it on a phone: there only title, `Main` and `Due` stay
/// (or `State`, where a list has no `Due`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Priority,
    Due,
    Title,
    /// The one plain column that a phone keeps: the service of an incident.
    Main,
    State,
    Who,
    Text,
    Time,
    Number,
}

impl Role {
    fn class(self) -> &'static str {
        match self {
            Self::Priority => "p",
            Self::Due => "due",
            Self::Title => "what",
            Self::Main => "svc",
            Self::State => "st",
            Self::Who => "who",
            Self::Text => "txt",
            Self::Time => "when",
            Self::Number => "num",
        }
    }
}

/// Rows under a heading: `Target missed`, `Due within the hour`. One group without label: a plain list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The count that arrives late is keyed `group:KEY`.
    pub key: String,
    pub label: String,
    pub mark: Option<Mark>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub number: String,
    pub version: u64,
    /// One for each column.
    pub cells: Vec<Shown>,
}

/// Assigning several records at once: `pick` (repeated, `NUMBER:VERSION`), `assigned_to` and/or `team`, `csrf`,
/// `return`. Answers 303 with a notice of what was and what was not assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bulk {
    /// `POST {path}/assign`.
    pub action: String,
    pub csrf: String,
    pub return_to: String,
    /// Team and people, the reader first; value is the number.
    pub people: Vec<Choice>,
    pub teams: Vec<Choice>,
}

/// Fragment: counts that arrive after the page. `(key, text)`: `("view:mine", "7")`, `("group:missed", "3")`,
/// `("total", "184")`, `("facet:state:new", "at least 10,000")`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "records/counts.html")]
pub struct Counts {
    pub counts: Vec<(String, String)>,
}

/// Fragment: the facets, counted.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "records/facets.html")]
pub struct Facets {
    pub facets: Vec<Facet>,
}

markup!(Facets);
