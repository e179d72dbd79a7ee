//! `serde_json` says where an error is by line and column, and we by byte.

/// The byte offset at which `serde_json` stopped in a text.
///
/// It counts lines from 1 and columns in bytes. It stops ahead of a control
/// character, and past anything else.
pub(crate) fn byte_offset(text: &str, error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return text.len();
    }
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(str::len).sum();
    let is_behind = error.to_string().starts_with("control character");
    let within = error.column().saturating_sub(1) + usize::from(is_behind);
    usize::min(before + within, text.len())
}
