//! An incident belongs to the customer of whoever reported it, where nobody says otherwise. A customer's own people who
//! report are the callers.

use engine::{Behaviour, Draft, Error, Mode, Surroundings};
use model::Value;

pub(super) struct TakesCustomerOfCaller;

impl Behaviour for TakesCustomerOfCaller {
    fn name(&self) -> &'static str {
        "takes_customer_of_caller"
    }

    fn record_type(&self) -> &'static str {
        "incident"
    }

    fn writes(&self) -> &'static [&'static str] {
        &["caller", "customer"]
    }

    fn derive(&self, cx: &mut dyn Surroundings, draft: &mut Draft) -> Result<(), Error> {
        if draft.mode == Mode::Replay || !(draft.is_new() || draft.changed("caller")) {
            return Ok(());
        }
        let caller = draft.get("caller").as_int();
        let reporter = if draft.is_new() { caller.or(draft.by) } else { caller };
        let Some(reporter) = reporter else { return Ok(()) };
        let customer = cx.record(reporter)?.map(|person| person.by_key("customer").clone());
        // Our own people have no customer: that one of them files an incident does not make them its caller.
        let Some(customer) = customer.filter(|customer| !customer.is_null()) else { return Ok(()) };
        if caller.is_none() {
            draft.set("caller", Value::Link(reporter));
        }
        if draft.get("customer").is_null() {
            draft.set("customer", customer);
        }
        Ok(())
    }
}
