//! From text to the parser's tree, behind limits that are checked before anything recursive sees the text.

use cel::common::ast::{Expr, IdedExpr, SourceInfo};
use cel::parser::Parser;

use super::problem::Problem;

/// Longest source, in bytes.
pub const SOURCE_MAX: usize = 4096;
/// Most nodes of an expression.
pub const NODES_MAX: usize = 200;
/// Deepest nesting of brackets. The parser recurses about eight functions per level.
const BRACKETS_MAX: usize = 24;
/// Most operators, dots and commas: the parser's tree is as deep as the longest chain of them.
const OPERATORS_MAX: usize = 300;

/// The tree with what is needed to say where its parts stand.
pub(super) struct Parsed<'t> {
    pub text: &'t str,
    pub root: IdedExpr,
    info: SourceInfo,
}

impl Parsed<'_> {
    pub fn problem(&self, at: &IdedExpr, message: impl Into<String>) -> Problem {
        // The parser places an operator where its sign is and a call where its bracket is; people look at the left end.
        let left = leftmost(at);
        let start = self.info.offset_for(left.id).or_else(|| self.info.offset_for(at.id)).map_or(0, |o| o.0);
        let name = match &left.expr {
            Expr::Call(call) if call.target.is_none() => call.func_name.len(),
            _ => 0,
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let named = |start: &usize| self.text.get(*start..).is_some_and(|rest| rest.starts_with('('));
        let offset = Some(start).filter(named).map_or(start, |start| start.saturating_sub(name));
        Problem::new(self.text, offset, message)
    }
}

fn leftmost(expr: &IdedExpr) -> &IdedExpr {
    let mut at = expr;
    loop {
        at = match &at.expr {
            Expr::Select(select) => &select.operand,
            Expr::Comprehension(inner) => &inner.iter_range,
            Expr::Call(call) => match &call.target {
                Some(target) => target,
                None if call.func_name.starts_with('_') || call.func_name == "@in" => match call.args.first() {
                    Some(first) => first,
                    None => return at,
                },
                None => return at,
            },
            _ => return at,
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Parsed<'_>, Vec<Problem>> {
    check_limits(text).map_err(|problem| vec![problem])?;
    let parser = Parser::new().max_recursion_depth(BRACKETS_MAX as u16 * 2).error_recovery_limit(4);
    let (root, info) = parser.parse_with_source_info(text).map_err(|errors| {
        let problem = |e: &cel::ParseError| {
            let (line, column) = (usize::try_from(e.pos.0).unwrap_or(1), usize::try_from(e.pos.1).unwrap_or(1));
            Problem::at_line(text, line.max(1), column.max(1), plain(&e.msg))
        };
        errors.errors.iter().take(5).map(problem).collect::<Vec<_>>()
    })?;
    let nodes = count(&root);
    if nodes > NODES_MAX {
        return Err(vec![Problem::new(text, 0, format!("condition has {nodes} parts, expected at most {NODES_MAX}"))]);
    }
    Ok(Parsed { text, root, info })
}

/// The parser's own words, without its token lists.
fn plain(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let short = message.split(" expecting ").next().unwrap_or(message);
    format!("not an expression: {}", short.replace("<EOF>", "the end of the text"))
}

/// Length, bracket depth and number of operators, by one linear scan that knows strings and comments.
fn check_limits(text: &str) -> Result<(), Problem> {
    if text.len() > SOURCE_MAX {
        return Err(Problem::new(
            text,
            0,
            format!("condition has {} bytes, expected at most {SOURCE_MAX}", text.len()),
        ));
    }
    if text.trim().is_empty() {
        return Err(Problem::new(text, 0, "condition is empty, expected an expression"));
    }
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut operators) = (0, 0_usize, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                at = skip_string(text, at)?;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes.get(at..).unwrap_or_default().iter().take_while(|b| **b != b'\n').count();
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'!' | b'&' | b'|' | b'?' | b'.' | b',' | b':' => {
                operators += 1;
            }
            b'i' if bytes.get(at + 1) == Some(&b'n') => operators += 1,
            0 => return Err(Problem::new(text, at, "the zero character is not allowed")),
            _ => {}
        }
        if depth > BRACKETS_MAX {
            return Err(Problem::new(text, at, format!("brackets nest deeper than {BRACKETS_MAX} levels")));
        }
        if operators > OPERATORS_MAX * 2 {
            return Err(Problem::new(text, at, format!("condition has more than {OPERATORS_MAX} operators")));
        }
        at += 1;
    }
    Ok(())
}

/// The place after the string that begins at `start`.
fn skip_string(text: &str, start: usize) -> Result<usize, Problem> {
    let bytes = text.as_bytes();
    let quote = bytes.get(start).copied().unwrap_or_default();
    let is_prefix = |b: Option<&u8>| b.is_some_and(|b| matches!(b, b'r' | b'R'));
    let raw = is_prefix(start.checked_sub(1).and_then(|i| bytes.get(i)))
        || (start >= 2
            && bytes.get(start - 1).is_some_and(|b| matches!(b, b'b' | b'B'))
            && is_prefix(bytes.get(start - 2)));
    let triple = bytes.get(start + 1) == Some(&quote) && bytes.get(start + 2) == Some(&quote);
    let mut at = start + if triple { 3 } else { 1 };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if !raw => at += 1,
            b'\n' | b'\r' if !triple => break,
            b if *b == quote => {
                let closes = !triple || (bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote));
                if closes {
                    return Ok(at + if triple { 3 } else { 1 });
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(Problem::new(text, start, "text has no closing quote"))
}

/// Nodes as written: what a macro adds around its parts counts as one.
fn count(expr: &IdedExpr) -> usize {
    1 + match &expr.expr {
        Expr::Call(call) => {
            call.target.iter().map(|t| count(t)).sum::<usize>() + call.args.iter().map(count).sum::<usize>()
        }
        Expr::Select(select) => count(&select.operand),
        Expr::List(list) => list.elements.iter().map(count).sum(),
        Expr::Comprehension(inner) => count(&inner.iter_range) + count(&inner.loop_step).saturating_sub(2),
        _ => 0,
    }
}
