//! Figures of several subjects, each with its ratio to ours.

use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write;

/// What was measured of one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The subject.
    pub name: String,
    /// The board, where there are several.
    pub board: Option<String>,
    /// Whether it is ours.
    pub ours: bool,
    /// The figures, in the order of [`Row::columns`]; absent where it cannot be had.
    pub figures: Vec<Option<f64>>,
}

/// A figure's heading and how it is written.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in JSON.
    pub key: Cow<'static, str>,
    /// Its heading.
    pub heading: Cow<'static, str>,
    /// What a figure is divided by before it is printed.
    pub unit: f64,
    /// Decimal places.
    pub places: usize,
}

/// A whole comparison as text: under each figure its ratio to ours on the same board.
pub fn text(columns: &[Column], rows: &[Row]) -> String {
    let mut out = String::new();
    let _ = write!(out, "{:48}", "");
    for column in columns {
        let _ = write!(out, "{:>16}", column.heading);
    }
    out.push('\n');
    for row in rows {
        let name = match &row.board {
            Some(board) => format!("{} ({board})", row.name),
            None => row.name.clone(),
        };
        let _ = write!(out, "{name:48}");
        for (index, column) in columns.iter().enumerate() {
            let _ = write!(out, "{:>16}", cell(column, row.figures[index]));
        }
        out.push('\n');
        if !row.ours {
            let _ = write!(out, "{:48}", "");
            for index in 0..columns.len() {
                let cell =
                    ratio(rows, row, index).map_or(String::new(), |ratio| format!("x {ratio:.2}"));
                let _ = write!(out, "{cell:>16}");
            }
            out.push('\n');
        }
    }
    out
}

/// The same with a line for each figure and a column for each row: for many figures of few subjects. Beside each
/// figure is its ratio to ours.
pub fn lines(columns: &[Column], rows: &[Row]) -> String {
    let mut out = format!("{:44}", "");
    for row in rows {
        let width = if row.ours { 12 } else { 22 };
        let _ = write!(out, "{:>width$}", row.name);
    }
    out.push('\n');
    for (index, column) in columns.iter().enumerate() {
        let _ = write!(out, "{:44}", column.heading);
        for row in rows {
            let figure = cell(column, row.figures[index]);
            let ratio = match ratio(rows, row, index) {
                Some(ratio) if !row.ours => format!(" x {ratio:.2}"),
                _ => String::new(),
            };
            let width = if row.ours { 12 } else { 22 };
            let _ = write!(out, "{:>width$}", figure + &ratio);
        }
        out.push('\n');
    }
    out
}

fn cell(column: &Column, figure: Option<f64>) -> String {
    figure.map_or("-".to_owned(), |figure| {
        format!("{:.*}", column.places, figure / column.unit)
    })
}

/// A figure of a row divided by ours on the same board.
pub fn ratio(rows: &[Row], row: &Row, index: usize) -> Option<f64> {
    let ours = rows
        .iter()
        .find(|other| other.ours && other.board == row.board)?;
    let (figure, base) = (row.figures[index]?, ours.figures[index]?);
    (base > 0.0).then(|| figure / base)
}

/// The same as values for JSON: a list of objects with figures and ratios by key.
pub fn objects(columns: &[Column], rows: &[Row]) -> Vec<std::collections::BTreeMap<String, Cell>> {
    let object = |row: &Row| {
        let mut object = std::collections::BTreeMap::new();
        object.insert("name".to_owned(), Cell::Text(row.name.clone()));
        if let Some(board) = &row.board {
            object.insert("board".to_owned(), Cell::Text(board.clone()));
        }
        for (index, column) in columns.iter().enumerate() {
            object.insert(column.key.to_string(), Cell::Number(row.figures[index]));
            object.insert(
                format!("{}_ratio", column.key),
                Cell::Number(ratio(rows, row, index)),
            );
        }
        object
    };
    rows.iter().map(object).collect()
}

/// A value of an object.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A name.
    Text(String),
    /// A figure, null where there is none.
    Number(Option<f64>),
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 1] = [Column {
        key: Cow::Borrowed("kernel_bytes"),
        heading: Cow::Borrowed("kernel KB"),
        unit: 1000.0,
        places: 1,
    }];

    fn rows() -> Vec<Row> {
        let row = |name: &str, ours, figure| Row {
            name: name.into(),
            board: Some("q35".into()),
            ours,
            figures: vec![figure],
        };
        vec![
            row("ours", true, Some(2000.0)),
            row("peer", false, Some(5000.0)),
            row("mute", false, None),
        ]
    }

    #[test]
    fn ratios_are_to_ours_on_the_same_board() {
        let rows = rows();
        assert_eq!(ratio(&rows, &rows[1], 0), Some(2.5));
        assert_eq!(ratio(&rows, &rows[2], 0), None);
        let text = text(&COLUMNS, &rows);
        assert!(
            text.contains("5.0") && text.contains("x 2.50") && text.contains(" -"),
            "{text}"
        );
    }

    #[test]
    fn a_line_has_a_figure_of_each_subject() {
        let text = lines(&COLUMNS, &rows());
        let words: Vec<&str> = text.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(words, ["kernel", "KB", "2.0", "5.0", "x", "2.50", "-"]);
    }

    #[test]
    fn json_has_figures_and_ratios() {
        let json = serde_json::to_value(objects(&COLUMNS, &rows())).unwrap();
        assert_eq!(json[0]["board"], "q35");
        assert_eq!(json[1]["kernel_bytes_ratio"], 2.5);
        assert!(json[2]["kernel_bytes"].is_null());
    }
}
