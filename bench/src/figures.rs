//! What was measured, as lines for people and as JSON for programs.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

/// One row.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// The row of the goals: `P1`.
    pub(crate) id: &'static str,
    /// What was measured.
    pub(crate) what: String,
    /// The median.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// The median of the ratios, run by run.
    pub(crate) ratio: Option<f64>,
    /// Against what.
    pub(crate) versus: Option<String>,
    /// Median time of an answer.
    pub(crate) p50_ms: Option<f64>,
    /// The time 99 of 100 answers stay below.
    pub(crate) p99_ms: Option<f64>,
    /// Answers that were not what they should be.
    pub(crate) errors: u64,
}

/// All rows.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds a row and tells it.
    #[expect(clippy::print_stdout, reason = "what the program is for")]
    pub(crate) fn add(&mut self, figure: Figure) {
        let ratio = figure.ratio.map_or(String::new(), |ratio| format!("  ratio {ratio:.2}"));
        let versus = figure.versus.as_deref().map_or(String::new(), |versus| format!(" of {versus}"));
        let times = match (figure.p50_ms, figure.p99_ms) {
            (Some(p50), Some(p99)) => format!("  p50 {p50:.2} ms  p99 {p99:.2} ms"),
            _ => String::new(),
        };
        let Figure { id, what, value, unit, errors, .. } = &figure;
        println!("{id:4} {what}: {value:.1} {unit}{ratio}{versus}{times}  errors {errors}");
        self.0.push(figure);
    }

    /// Writes all rows.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, serde_json::to_vec_pretty(&self.0)?)?;
        Ok(())
    }
}

/// Tells the first of the things that went wrong; a number of errors alone explains nothing.
#[expect(clippy::print_stderr, reason = "for whoever runs the bench")]
pub(crate) fn tell_once(what: &str) {
    static TOLD: std::sync::Once = std::sync::Once::new();
    TOLD.call_once(|| eprintln!("{what}"));
}

/// The middle of some numbers; 0 of none.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
