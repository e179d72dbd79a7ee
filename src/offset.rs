//! Where in a text an error is.

/// The byte offset of a line and a column as `serde_json` counts them: lines
/// from 1, columns in bytes, both 0 when it knows neither.
pub(crate) fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    usize::min(before + column.saturating_sub(1), text.len())
}
