//! Columns that line up, and bars.

use std::fmt;

use anstyle::{AnsiColor, Style};
use meta0::Band;

pub(super) const PLAIN: Style = Style::new();
pub(super) const STRONG: Style = Style::new().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();

/// How many characters a bar has at most.
const BAR: u64 = 24;

/// Which end of a column its cells stand at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A text in a table, and how it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(super) fn new(text: impl fmt::Display) -> Self {
        Self::styled(text, PLAIN)
    }

    pub(super) fn styled(text: impl fmt::Display, style: Style) -> Self {
        Self { text: text.to_string(), style }
    }
}

/// Rows of as many cells as there are columns, under a row of titles. A column
/// whose cells are all empty is left out, and so are blanks at the end of a
/// line.
#[derive(Debug)]
pub(super) struct Table {
    aligns: Vec<Align>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let (titles, aligns) =
            columns.into_iter().map(|(title, align)| (Cell::styled(title, STRONG), align)).unzip();
        Self { aligns, rows: vec![titles] }
    }

    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The width of a column, `None` when only its title is there.
    fn width(&self, column: usize) -> Option<usize> {
        let width = |row: &Vec<Cell>| row.get(column).map_or(0, |cell| cell.text.chars().count());
        let used = self.rows.iter().skip(1).any(|row| width(row) > 0);
        if used { self.rows.iter().map(width).max() } else { None }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<_> = (0..self.aligns.len()).map(|column| self.width(column)).collect();
        for row in &self.rows {
            let mut gap = 0;
            for ((cell, &width), &align) in row.iter().zip(&widths).zip(&self.aligns) {
                let Some(width) = width else { continue };
                let Cell { text, style } = cell;
                let padding = width - text.chars().count();
                let (before, after) = match align {
                    Align::Left => (0, padding),
                    Align::Right => (padding, 0),
                };
                gap += before;
                if !text.is_empty() {
                    write!(f, "{:gap$}{style}{text}{style:#}", "")?;
                    gap = 0;
                }
                gap += after + 2;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// A load as a bar on a scale of `0..=longest`: full up to its band's end,
/// light where it lacks some, dark where it has too many.
pub(super) fn bar(load: u64, band: Band, longest: u64) -> String {
    let cells = |load: u64| {
        let longest = u128::from(longest.max(1));
        let cells = (u128::from(load) * u128::from(BAR) + longest / 2) / longest;
        usize::try_from(cells).unwrap_or_default()
    };
    let (full, end) = (cells(load.min(band.ceil)), cells(load.max(band.floor)));
    let rest = if load > band.ceil { "▓" } else { "░" };
    "█".repeat(full) + &rest.repeat(end - full)
}
