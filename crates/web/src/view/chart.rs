//! Charts, drawn here as SVG: no script, each with its figures as a table.

use askama::Template;

use super::{markup, parts::Mark, words};

/// Parts of a whole in one line, in the order given: ok, due, info, warn, none, bad.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/bar.html")]
pub struct Bar {
    pub parts: Vec<(Mark, u64)>,
    /// The numbers in words, for those who listen: `389 pass, 23 exceptions`.
    pub label: String,
    pub thick: bool,
}

/// One drawn part: class, start and width in per cent.
struct Slice {
    class: &'static str,
    x: String,
    width: String,
}

impl Bar {
    /// Parts that are there have at least half a per cent, so that one in ten thousand is seen.
    fn slices(&self) -> Vec<Slice> {
        let total = self.parts.iter().map(|(_, n)| *n).sum::<u64>().max(1);
        let shares = self.parts.iter().filter(|(_, n)| *n > 0).map(|(mark, n)| (mark, share(*n, total).max(0.5)));
        let scale = 100.0 / shares.clone().map(|(_, share)| share).sum::<f64>().max(1.0);
        let mut x = 0.0;
        shares
            .map(|(mark, share)| {
                let width = share * scale;
                let drawn = if width > 1.0 && x + width < 99.9 { width - 0.3 } else { width };
                let slice = Slice { class: mark.class(), x: format!("{x:.2}"), width: format!("{drawn:.2}") };
                x += width;
                slice
            })
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for drawing needs no exactness")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

/// A rate by month, with its bar (the share asked for) as a dashed line.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "parts/trend.html")]
pub struct Trend {
    /// Unique on the page.
    pub id: String,
    /// `Pass rate by month`.
    pub caption: String,
    /// The whole chart in a sentence: `rose from 88.1 to 94.4 per cent, always under the bar of 98 per cent`.
    pub title: String,
    pub months: Vec<Month>,
    /// In per cent.
    pub bar: Option<f64>,
    /// Narrow charts stand in an aside.
    pub narrow: bool,
    /// Heads of the table's columns: `Month`, `Pass rate`, `n`, `Exceptions`.
    pub columns: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Month {
    /// `Sep 25`, `Oct`.
    pub label: String,
    /// In per cent; `None` where nothing happened: a gap in the line, not a zero.
    pub rate: Option<f64>,
    /// The row of the table, without the month.
    pub cells: Vec<String>,
}

impl Month {
    /// A month of a check. A rate is of what was decided either way: the undetermined are told apart in the table.
    pub fn of_check(label: impl Into<String>, population: u64, passed: u64, failed: u64, undetermined: u64) -> Self {
        let rate = (population > 0).then(|| share(passed, population));
        let cells = [words::percent(passed, population)]
            .into_iter()
            .chain([population, failed, undetermined].map(words::number))
            .collect();
        Self { label: label.into(), rate, cells }
    }
}

/// The drawing's frame, in its own units.
struct Frame {
    width: f64,
    bottom: f64,
    right: f64,
}

const TOP: f64 = 14.0;
const LEFT: f64 = 46.0;

impl Trend {
    fn frame(&self) -> Frame {
        if self.narrow {
            Frame { width: 360.0, bottom: 146.0, right: 312.0 }
        } else {
            Frame { width: 720.0, bottom: 180.0, right: 652.0 }
        }
    }

    fn view_box(&self) -> String {
        let frame = self.frame();
        format!("0 0 {} {}", frame.width, frame.bottom + 30.0)
    }

    /// Lowest value of the axis: the highest of a few round ones that still shows everything.
    fn floor(&self) -> f64 {
        let lowest = self.months.iter().filter_map(|month| month.rate).chain(self.bar).fold(100.0, f64::min);
        [96.0, 92.0, 84.0, 80.0, 60.0, 40.0, 20.0].into_iter().find(|floor| *floor < lowest).unwrap_or(0.0)
    }

    fn y(&self, rate: f64) -> f64 {
        let floor = self.floor();
        let height = self.frame().bottom - TOP;
        self.frame().bottom - (rate - floor) / (100.0 - floor) * height
    }

    fn x(&self, index: usize) -> f64 {
        let steps = f64::from(u32::try_from(self.months.len().saturating_sub(1).max(1)).unwrap_or(1));
        LEFT + (self.frame().right - LEFT) * f64::from(u32::try_from(index).unwrap_or(0)) / steps
    }

    /// `(path, y of the text, text)` of each grid line.
    fn grid(&self) -> Vec<(String, String, String)> {
        let floor = self.floor();
        (0..=4)
            .map(|step| {
                let rate = floor + (100.0 - floor) * f64::from(step) / 4.0;
                let y = self.y(rate);
                (format!("M{LEFT} {y:.1}H{}", self.frame().right), format!("{:.1}", y + 4.0), format!("{rate:.0} %"))
            })
            .collect()
    }

    /// `(x, y, label, may be left out on a phone)`.
    fn labels(&self) -> Vec<(String, f64, &str, bool)> {
        let y = self.frame().bottom + 24.0;
        let places = self.months.iter().enumerate();
        places.map(|(i, month)| (format!("{:.1}", self.x(i)), y, month.label.as_str(), i % 3 != 0)).collect()
    }

    /// Runs of months that have a rate, each with its line and the ground under it.
    fn runs(&self) -> Vec<(String, String)> {
        let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        for (i, month) in self.months.iter().enumerate() {
            match (month.rate, runs.last_mut()) {
                (Some(rate), Some(run)) => run.push((self.x(i), self.y(rate))),
                _ => runs.push(Vec::new()),
            }
        }
        let bottom = self.frame().bottom;
        runs.iter()
            .filter_map(|run| {
                let (first, last) = (run.first()?, run.last()?);
                let points = run.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect::<Vec<_>>().join(" ");
                let line = format!("M{points}");
                Some((line, format!("M{:.1} {bottom}L{points}L{:.1} {bottom}Z", first.0, last.0)))
            })
            .collect()
    }

    /// A dot for each month that stands alone, where no line can be drawn.
    fn dots(&self) -> Vec<(String, String)> {
        let alone = |i: usize| {
            let rate = |i: usize| self.months.get(i).and_then(|month| month.rate);
            i.checked_sub(1).and_then(rate).is_none() && rate(i + 1).is_none()
        };
        let places = self.months.iter().enumerate().filter(|(i, _)| alone(*i));
        places
            .filter_map(|(i, month)| Some((format!("{:.1}", self.x(i)), format!("{:.1}", self.y(month.rate?)))))
            .collect()
    }

    /// The last month with a rate: where the dot is filled and the value written.
    fn last(&self) -> Option<(String, String, String, String)> {
        let (i, rate) = self.months.iter().enumerate().rev().find_map(|(i, month)| Some((i, month.rate?)))?;
        let (x, y) = (self.x(i), self.y(rate));
        Some((format!("{x:.1}"), format!("{y:.1}"), format!("{:.1}", x + 8.0), format!("{rate:.1} %")))
    }

    /// Path, y of the text and text of the bar. The text steps aside when the last value stands there.
    fn target(&self) -> Option<(String, String, String)> {
        let bar = self.bar?;
        let y = self.y(bar);
        let last = self.months.iter().rev().find_map(|month| month.rate).map(|rate| self.y(rate));
        let text = match last {
            Some(last) if (last - y).abs() < 12.0 && last >= y => last - 9.0,
            Some(last) if (last - y).abs() < 12.0 => last + 17.0,
            _ => y + 4.0,
        };
        Some((format!("M{LEFT} {y:.1}H{}", self.frame().right), format!("{text:.1}"), format!("{bar:.0} %")))
    }

    fn right_text(&self) -> f64 {
        self.frame().right + 6.0
    }
}

markup!(Bar, Trend);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_ten_thousand_is_seen() {
        let bar = Bar { parts: vec![(Mark::Ok, 9_999), (Mark::Bad, 1), (Mark::None, 0)], ..Bar::default() };
        let slices = bar.slices();
        assert_eq!(slices.len(), 2);
        assert!(slices[1].width.parse::<f64>().unwrap() > 0.4);
    }

    #[test]
    fn a_month_without_data_is_a_gap() {
        let month = |rate| Month { rate, ..Month::default() };
        let months = vec![month(Some(90.0)), month(Some(95.0)), month(None), month(Some(97.0))];
        let trend = Trend { months, ..Trend::default() };
        assert_eq!(trend.runs().len(), 2);
        assert_eq!(trend.dots().len(), 1);
        assert!(trend.floor() < 90.0);
    }

    #[test]
    fn an_empty_trend_draws_nothing_and_does_not_fall() {
        let trend = Trend::default();
        assert!(trend.runs().is_empty() && trend.last().is_none());
        assert!(Bar::default().slices().is_empty());
    }
}
