//! What Larkfield delivers, to whom, and what it rests on.

pub struct Customer {
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub manager: &'static str,
    /// Where its people sit: values of the list of locations.
    pub sites: &'static [&'static str],
}

/// Larkfield as its own customer.
pub const OURSELVES: &str = "larkfield";

pub const CUSTOMERS: [Customer; 7] = [
    Customer {
        key: "brightwater",
        name: "Brightwater Utilities",
        description: "Water and sewerage for 410,000 households; field crews around the clock.",
        manager: "leila",
        sites: &["bristol_harbourside", "eastern_depot"],
    },
    Customer {
        key: "castell",
        name: "Castell Clinics",
        description: "Eleven outpatient clinics; bookings open at seven.",
        manager: "leila",
        sites: &["castell_north", "castell_riverside"],
    },
    Customer {
        key: "fennimore",
        name: "Fennimore Foods",
        description: "Bakery products; two plants, pay day on the 25th.",
        manager: "daniel",
        sites: &["fennimore_plant_1", "fennimore_office"],
    },
    Customer {
        key: "harbour",
        name: "Harbour Logistics",
        description: "Warehouses and transport; gates run from five to midnight.",
        manager: "priya",
        sites: &["warehouse_a", "warehouse_b"],
    },
    Customer {
        key: "ostrand",
        name: "Municipality of Ostrand",
        description: "Town hall, libraries, citizens' office.",
        manager: "yusuf",
        sites: &["town_hall", "library"],
    },
    Customer {
        key: "tamarind",
        name: "Tamarind Insurance",
        description: "Motor and household claims; 260 clerks.",
        manager: "priya",
        sites: &["tamarind_tower"],
    },
    Customer {
        key: OURSELVES,
        name: "Larkfield (internal)",
        description: "Our own offices and what we run them with.",
        manager: "mira",
        sites: &["bristol", "gdansk"],
    },
];

pub struct Service {
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub owner: &'static str,
    pub criticality: &'static str,
    pub customers: &'static [&'static str],
    /// Configuration items that it rests on.
    pub items: &'static [&'static str],
}

const EVERYBODY: &[&str] = &["brightwater", "castell", "fennimore", "harbour", "ostrand", "tamarind", OURSELVES];

pub const SERVICES: [Service; 12] = [
    Service {
        key: "workplace",
        name: "Managed workplace",
        description: "Laptops, screens, printers and the software on them, from order to return.",
        owner: "grace",
        criticality: "important",
        customers: EVERYBODY,
        items: &["img-laptop", "print-01", "deploy-01"],
    },
    Service {
        key: "email",
        name: "E-mail and calendar",
        description: "Mailboxes, shared mailboxes, calendars and meeting rooms.",
        owner: "jonas",
        criticality: "vital",
        customers: EVERYBODY,
        items: &["mx-01", "mx-02", "mail-filter"],
    },
    Service {
        key: "booking",
        name: "Clinic booking",
        description: "Patients and receptions book, move and cancel appointments.",
        owner: "leila",
        criticality: "vital",
        customers: &["castell"],
        items: &["booking-app", "booking-db"],
    },
    Service {
        key: "remote",
        name: "Remote access",
        description: "A secure way into customers' networks for people outside the office.",
        owner: "yusuf",
        criticality: "vital",
        customers: &["brightwater", "castell", "harbour", "ostrand", "tamarind", OURSELVES],
        items: &["gw-east-1", "gw-east-2", "gw-west-1"],
    },
    Service {
        key: "payroll",
        name: "Payroll hosting",
        description: "Hosting of the pay run, with operation on pay days.",
        owner: "daniel",
        criticality: "vital",
        customers: &["fennimore", "castell"],
        items: &["payroll-app", "payroll-db"],
    },
    Service {
        key: "scanning",
        name: "Warehouse scanning",
        description: "Hand scanners, gate scanners and the wireless network under them.",
        owner: "priya",
        criticality: "vital",
        customers: &["harbour"],
        items: &["scan-app", "wlan-wh-b"],
    },
    Service {
        key: "files",
        name: "File services",
        description: "Team folders, with earlier versions for thirty days.",
        owner: "piotr",
        criticality: "important",
        customers: EVERYBODY,
        items: &["fs-01", "fs-02"],
    },
    Service {
        key: "identity",
        name: "Identity and sign-in",
        description: "Accounts, single sign-on and the second factor.",
        owner: "jonas",
        criticality: "vital",
        customers: EVERYBODY,
        items: &["idp-01", "mfa-gw"],
    },
    Service {
        key: "backup",
        name: "Backup",
        description: "Nightly backup of servers and mailboxes, and restores on request.",
        owner: "piotr",
        criticality: "important",
        customers: EVERYBODY,
        items: &["bkp-01", "tape-lib"],
    },
    Service {
        key: "portal",
        name: "Customer portal",
        description: "Where Brightwater's customers see readings and invoices.",
        owner: "leila",
        criticality: "important",
        customers: &["brightwater"],
        items: &["portal-app", "portal-db"],
    },
    Service {
        key: "telephony",
        name: "Telephony",
        description: "Desk phones, soft phones, call queues.",
        owner: "callum",
        criticality: "important",
        customers: &["castell", "ostrand", "tamarind", OURSELVES],
        items: &["pbx-01", "sip-trunk"],
    },
    Service {
        key: "dcnet",
        name: "Data centre network",
        description: "Switches, firewalls and lines of both data centres.",
        owner: "yusuf",
        criticality: "vital",
        customers: EVERYBODY,
        items: &["core-sw-1", "core-sw-2", "fw-pair", "line-telvia-1", "line-telvia-2"],
    },
];

pub fn service(key: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.key == key)
}

pub fn sites(customer: &str) -> &'static [&'static str] {
    CUSTOMERS.iter().find(|found| found.key == customer).map_or(&[], |found| found.sites)
}

/// Configuration items: key (which is also their name, in capitals where people write it so), class, owner, location.
pub const ITEMS: [(&str, &str, &str, &str); 31] = [
    ("img-laptop", "software", "grace", "bristol"),
    ("print-01", "server", "piotr", "bristol_dc"),
    ("deploy-01", "server", "piotr", "bristol_dc"),
    ("mx-01", "server", "piotr", "bristol_dc"),
    ("mx-02", "server", "piotr", "gdansk_dc"),
    ("mail-filter", "cloud_service", "jonas", "outside"),
    ("booking-app", "application", "leila", "bristol_dc"),
    ("booking-db", "database", "daniel", "bristol_dc"),
    ("gw-east-1", "network", "yusuf", "bristol_dc"),
    ("gw-east-2", "network", "yusuf", "bristol_dc"),
    ("gw-west-1", "network", "yusuf", "gdansk_dc"),
    ("payroll-app", "application", "daniel", "bristol_dc"),
    ("payroll-db", "database", "daniel", "bristol_dc"),
    ("scan-app", "application", "priya", "bristol_dc"),
    ("wlan-wh-b", "network", "callum", "warehouse_b"),
    ("fs-01", "server", "piotr", "bristol_dc"),
    ("fs-02", "server", "piotr", "gdansk_dc"),
    ("idp-01", "application", "jonas", "bristol_dc"),
    ("mfa-gw", "cloud_service", "jonas", "outside"),
    ("bkp-01", "server", "piotr", "gdansk_dc"),
    ("tape-lib", "storage", "piotr", "gdansk_dc"),
    ("portal-app", "application", "leila", "bristol_dc"),
    ("portal-db", "database", "daniel", "bristol_dc"),
    ("pbx-01", "server", "callum", "bristol_dc"),
    ("sip-trunk", "line", "callum", "bristol_dc"),
    ("core-sw-1", "network", "yusuf", "bristol_dc"),
    ("core-sw-2", "network", "yusuf", "bristol_dc"),
    ("fw-pair", "network", "yusuf", "bristol_dc"),
    ("line-telvia-1", "line", "yusuf", "bristol_dc"),
    ("line-telvia-2", "line", "yusuf", "gdansk_dc"),
    ("san-1", "storage", "piotr", "bristol_dc"),
];

/// What stands on what: from, to.
pub const DEPENDENCIES: [(&str, &str); 17] = [
    ("booking-app", "booking-db"),
    ("payroll-app", "payroll-db"),
    ("portal-app", "portal-db"),
    ("booking-db", "san-1"),
    ("payroll-db", "san-1"),
    ("portal-db", "san-1"),
    ("fs-01", "san-1"),
    ("san-1", "core-sw-1"),
    ("core-sw-1", "core-sw-2"),
    ("fw-pair", "core-sw-1"),
    ("gw-east-1", "fw-pair"),
    ("gw-east-2", "fw-pair"),
    ("gw-west-1", "line-telvia-2"),
    ("fw-pair", "line-telvia-1"),
    ("mx-01", "fw-pair"),
    ("scan-app", "core-sw-1"),
    ("sip-trunk", "fw-pair"),
];

/// Key, label, and the key that it stands under.
type ListValue = (&'static str, &'static str, &'static str);

/// Lists to choose from.
pub const LISTS: [(&str, &[ListValue]); 7] = [
    (
        "category",
        &[
            ("workplace", "Workplace", ""),
            ("messaging", "Messaging", ""),
            ("network", "Network", ""),
            ("application", "Application", ""),
            ("platform", "Servers and storage", ""),
            ("identity", "Identity and access", ""),
            ("telephony", "Telephony", ""),
        ],
    ),
    (
        "subcategory",
        &[
            ("hardware", "Hardware", "workplace"),
            ("software", "Software", "workplace"),
            ("printing", "Printing", "workplace"),
            ("delivery", "Delivery of mail", "messaging"),
            ("mailbox", "Mailbox", "messaging"),
            ("calendar", "Calendar", "messaging"),
            ("vpn", "Remote access", "network"),
            ("wireless", "Wireless", "network"),
            ("lan_wan", "Lines and switches", "network"),
            ("function", "Function", "application"),
            ("performance", "Performance", "application"),
            ("data", "Data", "application"),
            ("storage", "Storage", "platform"),
            ("backup", "Backup", "platform"),
            ("server", "Server", "platform"),
            ("sign_in", "Sign-in", "identity"),
            ("rights", "Rights", "identity"),
            ("second_factor", "Second factor", "identity"),
            ("handset", "Handset", "telephony"),
            ("lines", "Lines and queues", "telephony"),
        ],
    ),
    (
        "symptom",
        &[
            ("down", "Does not work at all", ""),
            ("slow", "Slow", ""),
            ("error", "Shows an error", ""),
            ("wrong", "Wrong result", ""),
            ("intermittent", "Comes and goes", ""),
            ("access", "No access", ""),
        ],
    ),
    (
        "location",
        &[
            ("bristol", "Bristol office", ""),
            ("gdansk", "Gdańsk office", ""),
            ("bristol_dc", "Bristol data centre", ""),
            ("gdansk_dc", "Gdańsk data centre", ""),
            ("outside", "A supplier's site", ""),
            ("bristol_harbourside", "Brightwater Harbourside", ""),
            ("eastern_depot", "Brightwater Eastern depot", ""),
            ("castell_north", "Castell North clinic", ""),
            ("castell_riverside", "Castell Riverside clinic", ""),
            ("fennimore_plant_1", "Fennimore plant 1", ""),
            ("fennimore_office", "Fennimore head office", ""),
            ("warehouse_a", "Harbour warehouse A", ""),
            ("warehouse_b", "Harbour warehouse B", ""),
            ("town_hall", "Ostrand town hall", ""),
            ("library", "Ostrand library", ""),
            ("tamarind_tower", "Tamarind tower", ""),
        ],
    ),
    (
        "contact_source",
        &[
            ("phone", "Phone", ""),
            ("mail", "Mail", ""),
            ("portal", "Portal", ""),
            ("monitoring", "Monitoring", ""),
            ("in_person", "In person", ""),
        ],
    ),
    (
        "closure_code",
        &[
            ("fixed", "Fixed", ""),
            ("configured", "Configuration corrected", ""),
            ("replaced", "Replaced", ""),
            ("workaround", "Solved by a workaround", ""),
            ("explained", "Explained to the user", ""),
            ("supplier", "Fixed by a supplier", ""),
            ("vanished", "Not seen again", ""),
        ],
    ),
    (
        "ci_class",
        &[
            ("server", "Server", ""),
            ("application", "Application", ""),
            ("database", "Database", ""),
            ("network", "Network device", ""),
            ("line", "Line", ""),
            ("storage", "Storage", ""),
            ("cloud_service", "Cloud service", ""),
            ("software", "Software", ""),
        ],
    ),
];

/// What a list shows for a value, for texts that name a place.
pub fn label(list: &str, key: &str) -> &'static str {
    let values = LISTS.iter().find(|(name, _)| *name == list).map_or(&[][..], |(_, values)| values);
    values.iter().find(|(value, ..)| *value == key).map_or("", |(_, label, _)| label)
}
