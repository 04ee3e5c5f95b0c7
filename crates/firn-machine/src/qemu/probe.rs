//! Whether hardware acceleration works: a guest of three instructions is run, a million times round a loop.
//!
//! There are hosts where `/dev/kvm` opens and guests start, but every instruction outside paged mode is
//! interpreted at more than a microsecond each, so that firmware seems to hang; opening proves nothing. The
//! loop takes about a millisecond on hardware and a second and a half on such a host. The guest runs in a
//! process of its own (`firn __kvm-probe`), which ends when it takes too much of a processor: on a busy host a
//! millisecond may last long.

use super::Accelerator;
use crate::spawn::spawn_bound;
use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The hidden command that runs [`run_probe`].
pub const PROBE_COMMAND: &str = "__kvm-probe";
/// Processor time that the guest may take, in microseconds.
const PROCESSOR_TIME: libc::suseconds_t = 40_000;
/// How long somebody waits for it.
const LIMIT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

/// The best accelerator that works here; `program` is the file to start the probe from. Asked once.
pub fn best_accelerator(program: &Path) -> Accelerator {
    static BEST: OnceLock<Accelerator> = OnceLock::new();
    *BEST.get_or_init(|| if kvm_works(program) { Accelerator::Kvm } else { Accelerator::Tcg })
}

/// Runs the probe; false when it fails or takes too long.
pub fn kvm_works(program: &Path) -> bool {
    if OpenOptions::new().read(true).write(true).open("/dev/kvm").is_err() {
        return false;
    }
    let mut command = Command::new(program);
    command.arg(PROBE_COMMAND).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = spawn_bound(command, Vec::new()) else { return false };
    let until = Instant::now() + LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < until => std::thread::sleep(PAUSE),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

const KVM_CREATE_VM: libc::c_ulong = 0xAE01;
const KVM_GET_VCPU_MMAP_SIZE: libc::c_ulong = 0xAE04;
const KVM_CREATE_VCPU: libc::c_ulong = 0xAE41;
const KVM_SET_USER_MEMORY_REGION: libc::c_ulong = 0x4020_AE46;
const KVM_RUN: libc::c_ulong = 0xAE80;
const KVM_SET_REGS: libc::c_ulong = 0x4090_AE82;
const KVM_GET_SREGS: libc::c_ulong = 0x8138_AE83;
const KVM_SET_SREGS: libc::c_ulong = 0x4138_AE84;
const KVM_EXIT_HLT: u32 = 5;
const EXIT_REASON_AT: usize = 8;
const MEMORY: usize = 0x1000;
/// `mov ecx, 1000000; loop $; hlt`
const GUEST: [u8; 8] = [0xB9, 0x40, 0x42, 0x0F, 0x00, 0xE2, 0xFE, 0xF4];

/// Runs the guest until it halts; gives the exit status for the process.
pub fn run_probe() -> i32 {
    match limit_processor_time().and_then(|()| run_guest()) {
        Ok(true) => 0,
        _ => 1,
    }
}

fn call(fd: &impl AsRawFd, request: libc::c_ulong, argument: usize) -> io::Result<i32> {
    // SAFETY: each caller passes what the request wants: a number, or the address of a buffer of the
    // request's size that outlives the call.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), request as _, argument) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn owned(fd: i32) -> OwnedFd {
    // SAFETY: the descriptor was just made by the kernel for us.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn map(length: usize, fd: i32, flags: i32) -> io::Result<*mut u8> {
    // SAFETY: a new mapping at an address of the kernel's choice.
    let memory = unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(std::ptr::null_mut(), length, access, flags, fd, 0)
    };
    if memory == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(memory.cast()) }
}

/// From now on this process may take [`PROCESSOR_TIME`]; then the signal `SIGPROF` ends it.
fn limit_processor_time() -> io::Result<()> {
    let never = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let once = libc::timeval { tv_sec: 0, tv_usec: PROCESSOR_TIME };
    let timer = libc::itimerval { it_interval: never, it_value: once };
    // SAFETY: the kernel reads the timer during the call, and is given no place for the old one.
    let result = unsafe { libc::setitimer(libc::ITIMER_PROF, &timer, std::ptr::null_mut()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn run_guest() -> io::Result<bool> {
    let kvm = OpenOptions::new().read(true).write(true).open("/dev/kvm")?;
    let machine = owned(call(&kvm, KVM_CREATE_VM, 0)?);
    let memory = map(MEMORY, -1, libc::MAP_SHARED | libc::MAP_ANONYMOUS)?;
    // SAFETY: the mapping is longer than the guest's code, and nothing else uses it.
    unsafe { std::ptr::copy_nonoverlapping(GUEST.as_ptr(), memory, GUEST.len()) };
    // struct kvm_userspace_memory_region: slot and flags, guest address, size, our address.
    let region: [u64; 4] = [0, 0, MEMORY as u64, memory as u64];
    call(&machine, KVM_SET_USER_MEMORY_REGION, region.as_ptr() as usize)?;
    let processor = owned(call(&machine, KVM_CREATE_VCPU, 0)?);
    let length = call(&kvm, KVM_GET_VCPU_MMAP_SIZE, 0)? as usize;
    let state = map(length, processor.as_raw_fd(), libc::MAP_SHARED)?;
    start_at_zero(&processor)?;
    loop {
        match call(&processor, KVM_RUN, 0) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        // SAFETY: the kernel's struct kvm_run is at least this long, and aligned to a page.
        let reason = unsafe { state.add(EXIT_REASON_AT).cast::<u32>().read_volatile() };
        return Ok(reason == KVM_EXIT_HLT);
    }
}

/// Protected mode without paging, flat segments, instruction pointer at 0.
fn start_at_zero(processor: &OwnedFd) -> io::Result<()> {
    // struct kvm_sregs: 312 bytes; six segments of 24 bytes from the code segment on, control register 0 at
    // byte 224.
    let mut special = [0u64; 39];
    call(processor, KVM_GET_SREGS, special.as_mut_ptr() as usize)?;
    for (number, segment) in special[..18].chunks_exact_mut(3).enumerate() {
        let (selector, kind) = if number == 0 { (8, 11) } else { (16, 3) };
        segment.copy_from_slice(&flat_segment(selector, kind));
    }
    special[28] |= 1;
    call(processor, KVM_SET_SREGS, special.as_ptr() as usize)?;
    // struct kvm_regs: 18 words; the last two are rip and rflags, whose bit 1 is always set.
    let mut registers = [0u64; 18];
    registers[17] = 2;
    call(processor, KVM_SET_REGS, registers.as_ptr() as usize).map(drop)
}

/// struct kvm_segment of 4 GiB from 0: base (8 bytes), limit (4), selector (2), then one byte each for type,
/// present, privilege, 32 bit, code or data, long mode, granularity, available, unusable, padding.
fn flat_segment(selector: u64, kind: u64) -> [u64; 3] {
    let bytes = [1, 0, 1, 1, 0, 1, 0, 0];
    let rest = u64::from_le_bytes(bytes);
    // The type is the byte behind the selector; the other bytes follow in the third word.
    let second = 0xffff_ffff | selector << 32 | kind << 48 | (rest & 0xff) << 56;
    [0, second, rest >> 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_have_the_kernels_layout() {
        let bytes: Vec<u8> =
            flat_segment(8, 11).iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(bytes[8..12], [0xff; 4]);
        assert_eq!(bytes[12..], [8, 0, 11, 1, 0, 1, 1, 0, 1, 0, 0, 0]);
    }
}
