//! Dates for people to read, from seconds since 1970.

/// The day in UTC as `2026-11-22`.
///
/// Uses the civil-from-days method (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
pub fn day(seconds: u64) -> String {
    let (year, month, day) = civil((seconds / 86_400) as i64);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The moment in UTC as `20261122132246`, which is what `lastModifiedDate` holds.
pub fn compact(seconds: u64) -> String {
    let (year, month, day) = civil((seconds / 86_400) as i64);
    let rest = seconds % 86_400;
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", rest / 3600, rest % 3600 / 60, rest % 60)
}

/// The moment in UTC as `2026-11-22 13:22:46`.
pub fn moment(seconds: u64) -> String {
    let rest = seconds % 86_400;
    format!("{} {:02}:{:02}:{:02}", day(seconds), rest / 3600, rest % 3600 / 60, rest % 60)
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        assert_eq!(compact(0), "19700101000000");
        assert_eq!(compact(951_826_154), "20000229120914");
        assert_eq!(day(1_795_353_766), "2026-11-22");
        assert_eq!(moment(951_826_154), "2000-02-29 12:09:14");
    }
}
