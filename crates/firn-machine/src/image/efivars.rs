//! Variables of UEFI firmware in the flash image that EDK2's firmware keeps them in (EDK2,
//! `MdeModulePkg/Include/Guid/VariableFormat.h`; Platform Initialization Specification, volume 3).
//!
//! An image is a firmware volume: a header, a variable store of records with time stamps, and behind it what
//! the firmware needs to survive a power cut while it writes. That rest is never written here: a store is put
//! into a fresh image.

use crate::error::{MachineError, Result};

/// Attributes that boot entries have: kept, seen by boot programs and by the running system.
pub const KEPT_AND_SEEN: u32 = 7;
/// `8BE4DF61-93CA-11D2-AA0D-00E098032B8C`, the vendor of what the specification itself names.
pub const GLOBAL: [u8; 16] = [
    0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
];

/// `AAF32C78-947B-439A-A180-2E144EC37792`: records with time stamps.
const AUTHENTICATED: [u8; 16] = [
    0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43, 0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92,
];
const VOLUME_SIGNATURE: &[u8] = b"_FVH";
const STORE_HEADER: usize = 28;
/// Formatted and healthy.
const STORE_STATE: [u8; 2] = [0x5a, 0xfe];
const RECORD_HEADER: usize = 60;
const RECORD_START: u16 = 0x55aa;
const ERASED: u8 = 0xff;

/// States of records: bits are cleared one after the other, as flash memory can.
pub mod state {
    /// Written whole.
    pub const ADDED: u8 = 0x3f;
    /// Another with its name is about to take its place.
    pub const LEAVING: u8 = 0x3e;
    /// This bit is cleared once a record is deleted.
    pub const DELETED_BIT: u8 = 0x02;
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Whose it is, in the order of bytes that the image has.
    pub vendor: [u8; 16],
    /// Its name.
    pub name: String,
    /// Its value.
    pub data: Vec<u8>,
    /// Its attributes ([`KEPT_AND_SEEN`]).
    pub attributes: u32,
    /// Its record's state ([`state`]).
    pub state: u8,
    /// Its record's monotonic count, no longer used by firmware.
    pub count: u64,
    /// When what is signed was made, as the specification's `EFI_TIME`.
    pub time: [u8; 16],
    /// Its record's index of a key, no longer used by firmware.
    pub key: u32,
}

impl Variable {
    /// A variable that is there as if the firmware had written it.
    pub fn new(vendor: [u8; 16], name: &str, attributes: u32, data: Vec<u8>) -> Self {
        let (name, state, time) = (name.to_string(), state::ADDED, [0; 16]);
        Self { vendor, name, data, attributes, state, count: 0, time, key: 0 }
    }

    fn is_there(&self) -> bool {
        [state::ADDED, state::LEAVING].contains(&self.state)
    }

    fn record(&self) -> Vec<u8> {
        let mut name: Vec<u8> = self.name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        name.extend([0, 0]);
        let mut record = RECORD_START.to_le_bytes().to_vec();
        record.extend([self.state, 0]);
        record.extend(self.attributes.to_le_bytes());
        record.extend(self.count.to_le_bytes());
        record.extend(self.time);
        record.extend(self.key.to_le_bytes());
        record.extend((name.len() as u32).to_le_bytes());
        record.extend((self.data.len() as u32).to_le_bytes());
        record.extend(self.vendor);
        record.extend(name);
        record.extend(&self.data);
        record.resize(record.len().next_multiple_of(4), ERASED);
        record
    }
}

/// The variables of an image, in the order of their records; those that are deleted are left out.
///
/// # Errors
/// The image is none, or damaged.
pub fn read(image: &[u8]) -> Result<Vec<Variable>> {
    let store = &image[store_place(image)?];
    let mut found = Vec::new();
    let mut at = STORE_HEADER;
    while let Some((variable, length)) = record_at(store, at)? {
        found.push(variable);
        at = (at + length).next_multiple_of(4);
    }
    Ok(without_copies(found))
}

/// The image with these variables instead of its own. `image` must be one that no machine has written to.
///
/// # Errors
/// The image is none, or the variables take more room than it has.
pub fn write(image: &[u8], variables: &[Variable]) -> Result<Vec<u8>> {
    let place = store_place(image)?;
    let mut records = image[place.start..place.start + STORE_HEADER].to_vec();
    records.extend(variables.iter().flat_map(Variable::record));
    if records.len() > place.len() {
        let text = format!("they take {} bytes, and there are {}", records.len(), place.len());
        return Err(MachineError::gone(format!("too many UEFI variables: {text}")));
    }
    records.resize(place.len(), ERASED);
    let mut image = image.to_vec();
    image[place].copy_from_slice(&records);
    Ok(image)
}

/// Adds `new` to `variables`; one of the same vendor and name is replaced.
pub fn put(variables: &mut Vec<Variable>, new: Variable) {
    let same = |old: &Variable| (old.vendor, &old.name) == (new.vendor, &new.name);
    match variables.iter().position(same) {
        Some(at) => variables[at] = new,
        None => variables.push(new),
    }
}

/// A program on a partition of a disk with a GUID partition table.
#[derive(Clone, Copy, Debug)]
pub struct BootProgram<'a> {
    /// What the firmware's menu shows.
    pub title: &'a str,
    /// The partition's number, from 1.
    pub number: u32,
    /// Its first sector of 512 bytes, and how many it has.
    pub sectors: (u64, u64),
    /// Its identifier, in the order of bytes that the table has.
    pub identifier: [u8; 16],
    /// The program's file, with backslashes.
    pub file: &'a str,
}

/// Makes the program the first that the firmware starts (UEFI specification 2.10, sections 3.1.3 and 10.3.5).
pub fn put_boot_entry(variables: &mut Vec<Variable>, program: &BootProgram<'_>) {
    let units = |text: &str| -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    };
    let mut path = vec![4, 1, 42, 0];
    path.extend(program.number.to_le_bytes());
    path.extend(program.sectors.0.to_le_bytes());
    path.extend(program.sectors.1.to_le_bytes());
    path.extend(program.identifier);
    path.extend([2, 2]);
    let file = units(program.file);
    path.extend([4, 4]);
    path.extend((file.len() as u16 + 4).to_le_bytes());
    path.extend(file);
    path.extend([0x7f, 0xff, 4, 0]);
    let mut entry = 1u32.to_le_bytes().to_vec();
    entry.extend((path.len() as u16).to_le_bytes());
    entry.extend(units(program.title));
    entry.extend(path);
    let taken = |number: u16| {
        let name = format!("Boot{number:04X}");
        variables.iter().any(|variable| variable.vendor == GLOBAL && variable.name == name)
    };
    let number = (0..u16::MAX).find(|number| !taken(*number)).unwrap_or_default();
    let order = variables.iter().find(|v| v.vendor == GLOBAL && v.name == "BootOrder");
    let mut order_now = number.to_le_bytes().to_vec();
    order_now.extend(order.map(|variable| variable.data.clone()).unwrap_or_default());
    let name = format!("Boot{number:04X}");
    put(variables, Variable::new(GLOBAL, &name, KEPT_AND_SEEN, entry));
    put(variables, Variable::new(GLOBAL, "BootOrder", KEPT_AND_SEEN, order_now));
}

/// Where the variable store lies in an image, its header included.
fn store_place(image: &[u8]) -> Result<std::ops::Range<usize>> {
    let found = || {
        (image.get(40..44)? == VOLUME_SIGNATURE).then_some(())?;
        let start = usize::from(u16::from_le_bytes(image.get(48..50)?.try_into().ok()?));
        let header = image.get(start..start + STORE_HEADER)?;
        (header[..16] == AUTHENTICATED && header[20..22] == STORE_STATE).then_some(())?;
        let length = u32::from_le_bytes(header[16..20].try_into().ok()?) as usize;
        let end = start.checked_add(length)?;
        (length >= STORE_HEADER && end <= image.len()).then_some(start..end)
    };
    found().ok_or_else(|| MachineError::gone("this is no image of UEFI variables"))
}

/// The record at an offset of the store and its length without padding; none behind the last one.
fn record_at(store: &[u8], at: usize) -> Result<Option<(Variable, usize)>> {
    let damaged = || MachineError::gone(format!("the UEFI variables are damaged at byte {at}"));
    let Some(header) = store.get(at..at + RECORD_HEADER) else { return Ok(None) };
    let number = |at: usize| {
        let bytes = header[at..at + 4].try_into().unwrap_or_default();
        u32::from_le_bytes(bytes)
    };
    match u16::from_le_bytes([header[0], header[1]]) {
        0xffff => return Ok(None),
        RECORD_START => {}
        _ => return Err(damaged()),
    }
    let (name, data) = (number(36) as usize, number(40) as usize);
    let length = name.checked_add(data).and_then(|both| both.checked_add(RECORD_HEADER));
    let end = length.and_then(|length| at.checked_add(length)).filter(|end| *end <= store.len());
    let (Some(length), Some(end)) = (length, end) else { return Err(damaged()) };
    let body = &store[at + RECORD_HEADER..end];
    let units: Vec<u16> =
        body[..name].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let variable = Variable {
        vendor: header[44..60].try_into().unwrap_or_default(),
        name: String::from_utf16_lossy(&units).trim_end_matches('\0').to_string(),
        data: body[name..].to_vec(),
        attributes: number(4),
        state: header[2],
        count: u64::from(number(8)) | u64::from(number(12)) << 32,
        time: header[16..32].try_into().unwrap_or_default(),
        key: number(32),
    };
    Ok(Some((variable, length)))
}

/// Of a variable that was being replaced when the power went, the new record counts if it was finished.
fn without_copies(found: Vec<Variable>) -> Vec<Variable> {
    let finished: std::collections::BTreeSet<_> = found
        .iter()
        .filter(|variable| variable.state == state::ADDED)
        .map(|variable| (variable.vendor, variable.name.clone()))
        .collect();
    let counts = |variable: &Variable| {
        variable.state == state::ADDED
            || !finished.contains(&(variable.vendor, variable.name.clone()))
    };
    found.into_iter().filter(|variable| variable.is_there() && counts(variable)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// An image as the firmware delivers it, with a store of 4 KiB.
    fn fresh() -> Vec<u8> {
        let mut image = vec![ERASED; 8 << 10];
        image[..72].fill(0);
        image[40..44].copy_from_slice(VOLUME_SIGNATURE);
        image[48] = 72;
        image[72..88].copy_from_slice(&AUTHENTICATED);
        image[88..92].copy_from_slice(&4096u32.to_le_bytes());
        image[92..94].copy_from_slice(&STORE_STATE);
        image[94..100].fill(0);
        image
    }

    #[test]
    fn what_is_written_is_read() {
        let mut variables = vec![Variable::new([7; 16], "Odd", 3, vec![1, 2, 3])];
        put(&mut variables, Variable::new([8; 16], "Odd", 7, Vec::new()));
        put(&mut variables, Variable::new([7; 16], "Odd", 3, vec![9]));
        let image = write(&fresh(), &variables).unwrap();
        assert_eq!(read(&image).unwrap(), variables);
        assert_eq!(variables.len(), 2);
        assert_eq!(&image[100..102], &[0xaa, 0x55]);
        assert_eq!(image.len(), fresh().len());
        assert_eq!(read(&write(&image, &[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn deleted_and_half_replaced_ones_do_not_count() {
        let with = |state: u8, data: u8| Variable {
            state,
            ..Variable::new(GLOBAL, "Timeout", KEPT_AND_SEEN, vec![data])
        };
        for (records, left) in [
            (vec![with(state::ADDED & !state::DELETED_BIT, 1)], None),
            (vec![with(0x7f, 1)], None),
            (vec![with(state::LEAVING, 1)], Some(1)),
            (vec![with(state::LEAVING, 1), with(state::ADDED, 2)], Some(2)),
            (vec![with(state::LEAVING, 1), with(0x7f, 2)], Some(1)),
        ] {
            let read = read(&write(&fresh(), &records).unwrap()).unwrap();
            assert_eq!(read.first().map(|variable| variable.data[0]), left, "{records:?}");
            assert!(read.len() < 2);
        }
    }

    #[test]
    fn the_boot_entry_comes_first() {
        let mut variables = vec![
            Variable::new(GLOBAL, "Boot0000", 7, vec![1]),
            Variable::new(GLOBAL, "BootOrder", 7, vec![0, 0]),
        ];
        let program = BootProgram {
            title: "Linux",
            number: 1,
            sectors: (2048, 4096),
            identifier: [5; 16],
            file: "\\A.EFI",
        };
        put_boot_entry(&mut variables, &program);
        let names: Vec<_> = variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["Boot0000", "BootOrder", "Boot0001"]);
        assert_eq!(variables[1].data, [1, 0, 0, 0]);
        let entry = &variables[2].data;
        // Attributes, the length of the path, six letters, a partition's node, a file's node, the end.
        assert_eq!(entry.len(), 4 + 2 + 12 + 42 + 18 + 4);
        assert_eq!(entry[..6], [1, 0, 0, 0, 64, 0]);
        assert_eq!(entry[18..30], [4, 1, 42, 0, 1, 0, 0, 0, 0, 8, 0, 0]);
    }

    #[test]
    fn too_much_is_an_error() {
        let error = write(&fresh(), &[Variable::new(GLOBAL, "Big", 7, vec![0; 5000])]).unwrap_err();
        assert!(error.message.contains("too many UEFI variables"), "{}", error.message);
    }

    proptest! {
        #[test]
        fn any_image_is_read_or_refused(at in 0usize..400, byte: u8, cut in 0usize..8192) {
            let variables = [Variable::new(GLOBAL, "Some", 7, vec![1; 40])];
            let mut image = write(&fresh(), &variables).unwrap();
            image[at] = byte;
            image.truncate(cut.max(1));
            let _ = read(&image);
        }
    }
}
