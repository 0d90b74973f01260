//! The people of Larkfield Managed IT, of its customers, and those who audit it. All invented; their addresses end in
//! `.example`, where no mail can arrive.

/// Somebody in the demonstration.
pub struct Somebody {
    pub key: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    /// Whom they work for, where that is a customer.
    pub customer: Option<&'static str>,
    pub role: Option<&'static str>,
    pub top_management: bool,
}

const fn ours(key: &'static str, name: &'static str, email: &'static str, role: &'static str) -> Somebody {
    Somebody { key, name, email, customer: None, role: Some(role), top_management: false }
}

const fn top(key: &'static str, name: &'static str, email: &'static str) -> Somebody {
    Somebody { key, name, email, customer: None, role: None, top_management: true }
}

const fn theirs(key: &'static str, name: &'static str, email: &'static str, customer: &'static str) -> Somebody {
    Somebody { key, name, email, customer: Some(customer), role: Some("customer"), top_management: false }
}

/// Who begins: everybody else is entered by her.
pub const ADMINISTRATOR: &str = "nadia";
pub const SERVICE_MANAGER: &str = "mira";
pub const PROCESS_OWNER: &str = "tom";
pub const AUDITOR: &str = "sofia";
/// The managing director, who is told of every major incident.
pub const DIRECTOR: &str = "ruth";

/// The administrator stands first: her record is the first of the log.
pub const PEOPLE: [Somebody; 27] = [
    ours("nadia", "Nadia Brandt", "nadia.brandt@larkfield.example", "administrator"),
    ours("mira", "Mira Okafor", "mira.okafor@larkfield.example", "service-manager"),
    ours("tom", "Tom Lindqvist", "tom.lindqvist@larkfield.example", "process-owner"),
    ours("aisha", "Aisha Rahman", "aisha.rahman@larkfield.example", "agent"),
    ours("jonas", "Jonas Weber", "jonas.weber@larkfield.example", "agent"),
    ours("leila", "Leila Haddad", "leila.haddad@larkfield.example", "agent"),
    ours("ben", "Ben Sorley", "ben.sorley@larkfield.example", "agent"),
    ours("piotr", "Piotr Zając", "piotr.zajac@larkfield.example", "agent"),
    ours("daniel", "Daniel Osei", "daniel.osei@larkfield.example", "agent"),
    ours("priya", "Priya Nair", "priya.nair@larkfield.example", "agent"),
    ours("yusuf", "Yusuf Demir", "yusuf.demir@larkfield.example", "agent"),
    ours("grace", "Grace Adeyemi", "grace.adeyemi@larkfield.example", "agent"),
    ours("callum", "Callum Reid", "callum.reid@larkfield.example", "agent"),
    ours("sofia", "Sofia Marques", "sofia.marques@larkfield.example", "internal-auditor"),
    ours("ingrid", "Ingrid Vale", "ingrid.vale@norcert.example", "certification-auditor"),
    top("ruth", "Ruth Callaghan", "ruth.callaghan@larkfield.example"),
    top("edwin", "Edwin Marsh", "edwin.marsh@larkfield.example"),
    theirs("karin", "Karin Holt", "karin.holt@brightwater.example", "brightwater"),
    theirs("sam", "Sam Whitlock", "sam.whitlock@brightwater.example", "brightwater"),
    theirs("elena", "Elena Popescu", "elena.popescu@castell.example", "castell"),
    theirs("henrik", "Henrik Aas", "henrik.aas@castell.example", "castell"),
    theirs("marco", "Marco Bellini", "marco.bellini@fennimore.example", "fennimore"),
    theirs("beth", "Beth Carver", "beth.carver@fennimore.example", "fennimore"),
    theirs("jo", "Jo Tanaka", "jo.tanaka@harbour.example", "harbour"),
    theirs("wim", "Wim Peeters", "wim.peeters@harbour.example", "harbour"),
    theirs("anneke", "Anneke de Vries", "anneke.devries@ostrand.example", "ostrand"),
    theirs("rashid", "Rashid Karim", "rashid.karim@tamarind.example", "tamarind"),
];

/// Who signs in as what when the demonstration is ready: one person a role.
pub const DOORS: [(&str, &str); 7] = [
    ("administrator", "nadia"),
    ("service-manager", "mira"),
    ("process-owner", "tom"),
    ("agent", "aisha"),
    ("internal-auditor", "sofia"),
    ("certification-auditor", "ingrid"),
    ("customer", "karin"),
];

pub fn somebody(key: &str) -> Option<&'static Somebody> {
    PEOPLE.iter().find(|person| person.key == key)
}

/// How a colleague is addressed: `Karin`.
pub fn first_name(key: &str) -> &'static str {
    somebody(key).and_then(|person| person.name.split(' ').next()).unwrap_or_default()
}

/// The people of a customer who call the desk; our own, where the customer is ourselves.
pub fn callers(customer: &str) -> Vec<&'static str> {
    let of = |person: &&Somebody| person.customer == Some(customer);
    let found: Vec<&str> = PEOPLE.iter().filter(of).map(|person| person.key).collect();
    if found.is_empty() { vec!["edwin", "sofia", "mira"] } else { found }
}

/// A team, with who leads it first.
pub struct Team {
    pub key: &'static str,
    pub name: &'static str,
    pub members: &'static [&'static str],
}

pub const DESK: &str = "desk";

pub const TEAMS: [Team; 5] = [
    Team { key: DESK, name: "Service desk", members: &["grace", "aisha", "jonas", "ben"] },
    Team { key: "network", name: "Network", members: &["yusuf", "callum"] },
    Team { key: "platforms", name: "Servers and storage", members: &["piotr", "daniel"] },
    Team { key: "applications", name: "Applications", members: &["leila", "priya"] },
    Team { key: "field", name: "Field service", members: &["callum", "ben"] },
];

pub fn members(team: &str) -> &'static [&'static str] {
    TEAMS.iter().find(|found| found.key == team).map_or(&[], |found| found.members)
}

/// Who answers for a team.
pub fn lead(team: &str) -> &'static str {
    members(team).first().copied().unwrap_or(PROCESS_OWNER)
}
