//! Conditions in SQL.

use super::{Compiled, Compiler, Dialect, NotPushable, Scalar, Sql, Unknown};
use crate::Value;
use crate::condition::ir::*;

impl Compiler<'_> {
    /// An SQL boolean. With `positive`, what is not true may be false or NULL either way.
    pub(in crate::condition) fn truth(&self, node: &Node, positive: bool) -> Compiled<Sql> {
        match &node.op {
            Op::Not(a) => match &a.op {
                // The commonest negation reads better, and uses an index.
                Op::IsNull(inner) => self.null_test(inner, true, positive),
                _ => self.compose("NOT ({})", &[&self.truth(a, false)?]),
            },
            Op::And(parts) => self.connective(parts, " AND ", "TRUE", positive),
            Op::Or(parts) => self.connective(parts, " OR ", "FALSE", positive),
            Op::Compare(how, a, b) => self.comparison(*how, a, b, positive),
            Op::Same(a, b) if a == b => {
                let a = self.scalar(a)?;
                if !a.nullable {
                    return Ok(Sql::new("TRUE"));
                }
                let test = self.compose("(CASE WHEN {} IS NOT NULL THEN TRUE END)", &[&a.value])?;
                self.unless_null(test, &[&a])
            }
            Op::Same(a, b) => {
                let (a, b) = (self.scalar(a)?, self.scalar(b)?);
                self.unless_null(self.compose("{} = {}", &[&a.value, &b.value])?, &[&a, &b])
            }
            Op::IsNull(a) => self.null_test(a, false, positive),
            Op::Among(a, list) => self.among(a, list, positive),
            Op::InPeriod(a) => self.in_period(a, positive),
            Op::InOrLatest(_) => {
                Err(NotPushable("in_or_latest() looks at other subjects, it is decided in memory".to_owned()))
            }
            Op::If(c, a, b) => {
                let c = self.truth(c, false)?;
                let (a, b) = (self.truth(a, positive)?, self.truth(b, positive)?);
                self.compose("(CASE {} WHEN TRUE THEN {} WHEN FALSE THEN {} END)", &[&c, &a, &b])
            }
            Op::TextTest(how, a, b) => self.text_test(*how, a, b),
            Op::Quantified { quantifier, list, var, body } if *quantifier != Quantifier::Count => {
                self.quantified(*quantifier, list, *var, body.as_deref(), positive)
            }
            Op::Covered(_) => Err(NotPushable("covered() is computed on intervals in memory".to_owned())),
            Op::Verified(_) => Err(NotPushable("verified() asks the ledger".to_owned())),
            Op::Permitted(..) => Err(NotPushable("permitted() asks the product's own permissions".to_owned())),
            _ => match self.constant(node) {
                Some(None | Some(Value::Null)) => Ok(self.null(&node.ty)),
                _ => {
                    let value = self.scalar(node)?;
                    self.unless_null(value.value.clone(), &[&value])
                }
            },
        }
    }

    fn connective(&self, parts: &[Node], between: &str, neutral: &str, positive: bool) -> Compiled<Sql> {
        let mut compiled = vec![];
        for part in parts {
            let part = self.truth(part, positive)?;
            if part.text != neutral {
                compiled.push(part);
            }
        }
        match compiled.as_slice() {
            [] => Ok(Sql::new(neutral)),
            [one] => Ok(one.clone()),
            several => self.compose("({})", &[&Sql::join(several, between)]),
        }
    }

    fn comparison(&self, how: Comparison, a: &Node, b: &Node, positive: bool) -> Compiled<Sql> {
        let (a, b) = (self.scalar(a)?, self.scalar(b)?);
        let sign = match how {
            Comparison::Eq => return self.equality(&a, &b, false, positive),
            Comparison::Ne => return self.equality(&a, &b, true, positive),
            Comparison::Lt => "{} < {}",
            Comparison::Le => "{} <= {}",
            Comparison::Gt => "{} > {}",
            Comparison::Ge => "{} >= {}",
        };
        self.unless_null(self.compose(sign, &[&a.value, &b.value])?, &[&a, &b])
    }

    /// A test that SQL leaves NULL for null and for unknown. The lenient compiler tells them apart.
    fn unless_null(&self, test: Sql, of: &[&Scalar]) -> Compiled<Sql> {
        if !self.lenient || of.iter().all(|scalar| !scalar.can_be_null()) {
            return Ok(test);
        }
        let test = self.compose("COALESCE({}, FALSE)", &[&test])?;
        self.unless_unknown(test, of)
    }

    /// Null equals null and nothing else. A plain `=` only where NULL cannot mean null, or where it does not matter.
    fn equality(&self, a: &Scalar, b: &Scalar, negated: bool, positive: bool) -> Compiled<Sql> {
        let both = a.can_be_null() && b.can_be_null();
        let plain = if negated { "{} <> {}" } else { "{} = {}" };
        if (!a.can_be_null() && !b.can_be_null()) || (positive && !negated && !both) {
            return self.compose(plain, &[&a.value, &b.value]);
        }
        let distinct = if negated { "{} IS DISTINCT FROM {}" } else { "{} IS NOT DISTINCT FROM {}" };
        let test = self.compose(distinct, &[&a.value, &b.value])?;
        self.unless_unknown(test, &[a, b])
    }

    /// `test`, which is never NULL, unknown where one of these is.
    fn unless_unknown(&self, test: Sql, of: &[&Scalar]) -> Compiled<Sql> {
        let unknown: Vec<Sql> = of.iter().filter_map(|scalar| scalar.unknown_sql()).collect();
        match unknown.as_slice() {
            [] => self.compose("({})", &[&test]),
            some => self.compose("(CASE WHEN NOT ({}) THEN {} END)", &[&Sql::join(some, " OR "), &test]),
        }
    }

    fn null_test(&self, a: &Node, negated: bool, positive: bool) -> Compiled<Sql> {
        let a = self.scalar(a)?;
        let test = self.compose(if negated { "{} IS NOT NULL" } else { "{} IS NULL" }, &[&a.value])?;
        if !a.nullable {
            return Ok(Sql::new(if negated { "TRUE" } else { "FALSE" }));
        }
        // Where it is unknown the value is NULL, so "not null" is not true there anyway.
        if positive && negated { Ok(test) } else { self.unless_unknown(test, &[&a]) }
    }

    fn among(&self, a: &Node, list: &[Node], positive: bool) -> Compiled<Sql> {
        let a = self.scalar(a)?;
        let mut constants = vec![];
        for constant in list {
            constants.push(self.scalar(constant)?.value);
        }
        if constants.is_empty() {
            return self.unless_unknown(Sql::new("FALSE"), &[&a]);
        }
        let test = self.compose("{} IN ({})", &[&a.value, &Sql::join(&constants, ", ")])?;
        self.null_is_false(test, &a, positive)
    }

    fn in_period(&self, a: &Node, positive: bool) -> Compiled<Sql> {
        let bound = |op: Op| self.scalar(&Node::new(op, a.ty.clone()));
        let (start, end, a) = (bound(Op::PeriodStart)?, bound(Op::PeriodEnd)?, self.scalar(a)?);
        if matches!(start.unknown, Unknown::Always) {
            return Ok(self.null(&crate::condition::Type::Bool));
        }
        let test = self.compose("({} >= {} AND {} < {})", &[&a.value, &start.value, &a.value, &end.value])?;
        self.null_is_false(test, &a, positive)
    }

    /// A test that SQL leaves NULL for a null: here that is false, unless the value is unknown.
    fn null_is_false(&self, test: Sql, a: &Scalar, positive: bool) -> Compiled<Sql> {
        if positive || !a.can_be_null() {
            return Ok(test);
        }
        let test = self.compose("COALESCE({}, FALSE)", &[&test])?;
        self.unless_unknown(test, &[a])
    }

    /// Case counts, `%` and `_` are letters like others: never LIKE.
    fn text_test(&self, how: TextTest, a: &Node, b: &Node) -> Compiled<Sql> {
        let (left, right) = (self.scalar(a)?, self.scalar(b)?);
        let (a, b) = (&left.value, &right.value);
        let test = match (how, self.dialect) {
            (TextTest::Contains, Dialect::Sqlite) => self.compose("instr({}, {}) > 0", &[a, b]),
            (TextTest::Contains, Dialect::Postgres) => self.compose("strpos({}, {}) > 0", &[a, b]),
            (TextTest::Starts, _) => self.compose("substr({}, 1, length({})) = {}", &[a, b, b]),
            (TextTest::Ends, Dialect::Postgres) => self.compose("right({}, length({})) = {}", &[a, b, b]),
            (TextTest::Ends, Dialect::Sqlite) => {
                self.compose("substr({}, length({}) - length({}) + 1) = {}", &[a, a, b, b])
            }
        };
        self.unless_null(test?, &[&left, &right])
    }
}
