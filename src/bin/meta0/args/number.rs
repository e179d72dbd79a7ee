//! Counts, as a person types them.

/// Reads a whole number that is not below `least`.
pub(super) fn at_least(
    least: u32,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number: &u32| *number >= least);
        let number = number.and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| format!("expected a whole number, {least} to {}", u32::MAX))
    }
}
