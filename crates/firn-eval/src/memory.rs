//! How much memory the machine has left. The kernel promises more than it has, and ends whoever takes it at
//! its word; an evaluation that grows without end should rather stop with an error.

/// From this size on, and each time as much has come together, the machine is asked.
const WATCHED: usize = 256 << 20;

/// Whether `size` bytes more than `total` are too much for this machine. It is asked for large steps only, and never
/// where it does not say what it has.
pub fn is_too_much(total: usize, size: usize) -> bool {
    let asks = (total + size) / WATCHED > total / WATCHED;
    asks && left().is_some_and(|left| size > left)
}

/// Adds an item to what may become as large as what the user gave; where there is no memory for more, the
/// evaluation ends as it does where the heap has none.
#[inline(always)]
pub(crate) fn push<T>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        grow(items);
    }
    items.push(item);
}

#[cold]
fn grow<T>(items: &mut Vec<T>) {
    let size = items.len() * size_of::<T>();
    if is_too_much(size, size) || items.try_reserve(items.len().max(1)).is_err() {
        std::panic::resume_unwind(Box::new(crate::stack::OutOfMemory));
    }
}

/// Texts from this size on get much room.
const LONG: usize = 1 << 18;
/// They get room for as many bytes at most.
const MUCH: usize = 64 << 20;
/// What is left of the room when there should be more.
const LITTLE: usize = 1 << 12;

/// Makes room at the end of a text that is being written: pages that nobody touches cost nothing, and moving
/// a long text takes as many fresh ones as it has.
#[inline(always)]
pub(crate) fn make_room(text: &mut Vec<u8>) {
    if text.capacity() - text.len() < LITTLE && text.len() >= LONG {
        make_much_room(text);
    }
}

#[cold]
fn make_much_room(text: &mut Vec<u8>) {
    // Without it the text grows as any other.
    let _ = text.try_reserve((16 * text.len()).min(MUCH));
}

/// Bytes that the machine can still give; unknown where the kernel does not say.
fn left() -> Option<usize> {
    read(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// Reads the text of `/proc/meminfo` (proc_meminfo(5)).
fn read(text: &str) -> Option<usize> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()
    };
    let kilobytes = value("MemAvailable:")? + value("SwapFree:").unwrap_or(0);
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read() {
        let text = "MemTotal:       1000 kB\nMemAvailable:    600 kB\nSwapFree:         24 kB\n";
        assert_eq!(read(text), Some(624 * 1024));
        assert_eq!(read("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn what_can_not_grow_ends_the_evaluation() {
        let mut items = Vec::new();
        for i in 0..1000 {
            push(&mut items, i);
        }
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
        let panic = std::panic::catch_unwind(|| grow::<[u8; 1 << 46]>(&mut Vec::new()));
        assert!(panic.is_err_and(|panic| panic.is::<crate::stack::OutOfMemory>()));
    }

    #[test]
    fn small_steps_are_not_looked_at_and_what_nobody_has_is_refused() {
        assert!(!is_too_much(0, 1 << 20));
        assert!(is_too_much(0, 1 << 60));
    }
}
