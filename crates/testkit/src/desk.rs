//! A small service provider in its third day with Vouch: what rules need is decided, customers call, and its incidents
//! stand in every state. It is Wednesday, 2026-03-04 14:00 UTC.

use serde_json::{Value as Json, json};

use crate::app::{Actor, TestApp};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// The application with everybody who works with it, and the incidents that stories are about.
pub struct Desk {
    pub app: TestApp,
    /// Has most of the work.
    pub agent: Actor,
    pub colleague: Actor,
    pub manager: Actor,
    pub owner: Actor,
    pub auditor: Actor,
    pub administrator: Actor,
    /// Works for the customer Brookfield Clinics.
    pub caller: Actor,
    /// Due at 14:40, the agent's: nothing breaches earlier that has not breached yet.
    pub next: String,
    /// Due at 10:00, the colleague's.
    pub overdue: String,
    /// Have neither impact nor urgency: exceptions of 8.6.1-b.
    pub unrated: [String; 2],
    pub closed: String,
}

impl Desk {
    pub fn open() -> anyhow::Result<Self> {
        let app = TestApp::start()?;
        decisions(&app)?;
        app.wait(MINUTE);
        let customers = Customers::of(&app)?;
        let brookfield = Some(customers.brookfield.as_str());
        let mut desk = Self {
            agent: app.actor_of("Ana Weiss", "agent", None)?,
            colleague: app.actor_of("Ben Okafor", "agent", None)?,
            manager: app.actor_of("Maria Lindholm", "service-manager", None)?,
            owner: app.actor_of("Paul Reyes", "process-owner", None)?,
            auditor: app.actor_of("Ines Duarte", "internal-auditor", None)?,
            administrator: app.actor_of("Lena Fuchs", "administrator", None)?,
            caller: app.actor_of("Karin Holm", "customer", brookfield)?,
            next: String::new(),
            overdue: String::new(),
            unrated: [String::new(), String::new()],
            closed: String::new(),
            app,
        };
        let places = Places::of(&desk, &customers)?;
        desk.first_days(&places);
        desk.today(&places)?;
        engine::timers::run_due(&desk.app.engine).map_err(|e| anyhow::anyhow!("{e}"))?;
        desk.app.engine.sign()?;
        Ok(desk)
    }

    /// Monday and Tuesday.
    fn first_days(&mut self, places: &Places) {
        let (agent, colleague) = (&self.agent, &self.colleague);
        let raised = |title: &str, more: Json| self.raise(agent, places, title, more);
        self.until(1, 13, 0);
        let printer = raised(
            "Label printer in the dispensary skips every second label",
            json!({ "impact": 3, "urgency": 3, "category": places.hardware }),
        );
        act(colleague, &printer, "assign", &json!({ "assignee": colleague.number, "team": places.desk_team }));
        act(colleague, &printer, "start", &json!({}));
        self.until(1, 14, 30);
        act(colleague, &printer, "resolve", &json!({ "solution": "Sensor cleaned, one roll printed without a gap." }));
        act(colleague, &printer, "close", &json!({}));
        let minutes =
            raised("Calendar invitations arrive twice", json!({ "impact": 3, "urgency": 2, "category": places.mail }));
        act(agent, &minutes, "start", &json!({}));
        self.until(1, 17, 10);
        act(agent, &minutes, "resolve", &json!({ "solution": "Old synchronisation rule removed." }));
        let first = raised("Invoice layout differs from the sample", json!({ "category": places.billing }));
        act(agent, &first, "start", &json!({}));
        let test = raised(
            "Test call from the new telephone system",
            json!({ "impact": 3, "urgency": 3, "category": places.network }),
        );
        act(agent, &test, "cancel", &json!({ "end_reason": "A test by the telephone people." }));
        self.until(2, 9, 0);
        let mail = raised(
            "Mail to two surgeries is delivered hours late",
            json!({ "impact": 2, "urgency": 1, "category": places.mail }),
        );
        act(colleague, &mail, "start", &json!({}));
        comment(colleague, &mail, "Queue is stuck behind one large attachment.", false);
        self.until(2, 11, 20);
        act(
            colleague,
            &mail,
            "resolve",
            &json!({ "solution": "Attachment removed from the queue with its sender's consent." }),
        );
        act(colleague, &mail, "close", &json!({}));
        let waiting = raised(
            "Scanner in room 4 does not save to the share",
            json!({ "impact": 3, "urgency": 2, "category": places.hardware }),
        );
        act(agent, &waiting, "assign", &json!({ "assignee": agent.number, "team": places.desk_team }));
        comment(agent, &waiting, "Could you tell us the name on the scanner's label?", true);
        act(agent, &waiting, "wait", &json!({ "waiting_for": "customer" }));
        let second = raised("New starter has no access to the rota", json!({ "category": places.access }));
        act(agent, &second, "assign", &json!({ "assignee": agent.number, "team": places.desk_team }));
        self.unrated = [first, second];
        self.closed = mail;
    }

    /// Wednesday.
    fn today(&mut self, places: &Places) -> anyhow::Result<()> {
        let (agent, colleague) = (&self.agent, &self.colleague);
        let raised = |title: &str, more: Json| self.raise(agent, places, title, more);
        self.until(3, 2, 0);
        let overdue = raised(
            "Nightly report of bed occupancy is empty",
            json!({ "impact": 2, "urgency": 1, "category": places.billing }),
        );
        act(colleague, &overdue, "assign", &json!({ "assignee": colleague.number, "team": places.desk_team }));
        act(colleague, &overdue, "start", &json!({}));
        self.until(3, 6, 40);
        let next = raised(
            "Appointments cannot be booked from the web page",
            json!({ "impact": 1, "urgency": 2, "category": places.network, "description": "Since the morning the **last step** answers with an error.\n\nThe telephone works." }),
        );
        act(agent, &next, "assign", &json!({ "assignee": agent.number, "team": places.desk_team }));
        act(agent, &next, "start", &json!({}));
        comment(agent, &next, "Certificate of the booking service ran out in the night.", false);
        self.until(3, 8, 15);
        comment(agent, &next, "We know the cause and expect to be done by noon.", true);
        self.until(3, 12, 0);
        let input = json!({ "impact": 1, "urgency": 1, "category": places.network, "major": true });
        let major = raised("Nobody at Harbour Logistics can sign in", input);
        act(agent, &major, "assign", &json!({ "assignee": agent.number, "team": places.desk_team }));
        let line = json!({ "kind": "functional", "person": colleague.number, "reason": "He knows the directory." });
        act(agent, &major, "escalations", &line);
        self.until(3, 13, 20);
        let body = json!({ "title": "Waiting room screen stays dark", "impact": 3, "urgency": 2 });
        let made = self.caller.client.post("/api/v1/incidents", &body).expect(201);
        let again = raised(
            "Screen in the waiting room is dark",
            json!({ "impact": 3, "urgency": 2, "category": places.hardware }),
        );
        act(agent, &again, "mark-duplicate", &json!({ "duplicate_of": text(&made, "number") }));
        self.until(3, 14, 0);
        (self.next, self.overdue) = (next, overdue);
        Ok(())
    }

    fn raise(&self, who: &Actor, places: &Places, title: &str, more: Json) -> String {
        let mut input = json!({ "title": title, "caller": self.caller.number, "service": places.service, "team": places.desk_team });
        if title.contains("Harbour") {
            input["caller"] = Json::Null;
            input["customer"] = json!(places.harbour);
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            input[key] = value.clone();
        }
        self.app.wait(MINUTE);
        text(&who.client.post("/api/v1/incidents", &input).expect(201), "number")
    }

    /// Lets time pass until this hour of day 1 (Monday) to 3 (Wednesday).
    fn until(&self, day: i64, hour: i64, minute: i64) {
        use engine::Clock as _;
        let at = crate::NOON - 12 * HOUR + ((day - 1) * 24 + hour) * HOUR + minute * MINUTE;
        self.app.wait((at - self.app.clock.now()).max(0));
    }
}

fn decisions(app: &TestApp) -> anyhow::Result<()> {
    app.decide("incident.priority_rule", json!({ "matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 4]] }))?;
    app.decide("incident.resolution_target", json!({ "1": "PT4H", "2": "PT8H", "3": "PT48H", "4": "PT120H" }))?;
    app.decide("incident.escalation_thresholds", json!({ "*": { "share": 0.5, "grace": "PT30M" } }))?;
    app.decide("incident.closure_wait", json!("P5D"))?;
    app.decide("incident.update_interval", json!({ "*": "P1D" }))?;
    app.decide("incident.major_criteria", json!("impact == 1 && urgency == 1"))
}

struct Customers {
    brookfield: String,
    harbour: String,
}

impl Customers {
    fn of(app: &TestApp) -> anyhow::Result<Self> {
        let named = |name: &str| anyhow::Ok(app.create("customer", json!({ "name": name }))?.number);
        Ok(Self { brookfield: named("Brookfield Clinics")?, harbour: named("Harbour Logistics")? })
    }
}

/// What incidents point at.
struct Places {
    harbour: String,
    service: String,
    desk_team: String,
    hardware: String,
    mail: String,
    network: String,
    billing: String,
    access: String,
}

impl Places {
    fn of(desk: &Desk, customers: &Customers) -> anyhow::Result<Self> {
        let app = &desk.app;
        let made = |kind: &str, input: Json| anyhow::Ok(app.create(kind, input)?.number);
        let category =
            |key: &str, label: &str| made("list_value", json!({ "list": "category", "key": key, "label": label }));
        let owner = &desk.owner.number;
        let service = made("service", json!({ "name": "Practice workplace", "owner": owner, "criticality": "vital" }))?;
        made("service", json!({ "name": "Warehouse network", "owner": owner, "criticality": "important" }))?;
        made("configuration_item", json!({ "name": "booking-web-1" }))?;
        made("document", json!({ "title": "Incident procedure", "kind": "procedure", "version_no": "1" }))?;
        let desk_team = made("team", json!({ "name": "Service desk", "lead": desk.agent.number }))?;
        Ok(Self {
            harbour: customers.harbour.clone(),
            service,
            desk_team,
            hardware: category("hardware", "Hardware")?,
            mail: category("mail", "Mail")?,
            network: category("network", "Network")?,
            billing: category("reports", "Reports and invoices")?,
            access: category("access", "Access")?,
        })
    }
}

fn act(who: &Actor, number: &str, verb: &str, input: &Json) {
    let answer = who.client.post(&format!("/api/v1/incidents/{number}/{verb}"), input);
    assert!((200..300).contains(&answer.status), "{verb} {number}: {}", answer.text());
}

fn comment(who: &Actor, number: &str, said: &str, public: bool) {
    act(who, number, "comments", &json!({ "text": said, "public": public }));
}

fn text(json: &Json, key: &str) -> String {
    json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
}
