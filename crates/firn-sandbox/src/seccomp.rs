//! The system call filter of builds.
//!
//! It keeps builders from making set-user-id and set-group-id files and from using extended
//! attributes and access control lists: neither can be represented in a NAR, and the former would
//! be a program that runs as the build user for anybody who reaches it. It is a second line of
//! defence: the folders a builder can write are unreachable for others, and registration of an
//! output clears such bits. As the reference's filter (setting `filter-syscalls`), plus the calls
//! that make a file with those bits in one step, plus the calls for extended attributes of newer
//! kernels. `openat2` and io_uring pass, for their arguments are out of a filter's sight.

use std::io;

/// The set-user-id and set-group-id bits.
const SET_ID: u32 = 0o6000;

/// What to do at one system call.
#[derive(Clone, Copy)]
enum Rule {
    /// Fail with this error number.
    Deny(u32),
    /// Fail with EPERM if the mode in this argument has a set-id bit.
    NoSetId(u32),
    /// The same, but only when the flags in the first argument ask to create a file.
    NoSetIdWhenCreating(u32, u32),
}

use Rule::{Deny, NoSetId, NoSetIdWhenCreating};

const ENOTSUP: u32 = libc::ENOTSUP.cast_unsigned();

/// The calls of one architecture: audit number, mask over call numbers, rules.
struct Arch {
    audit: u32,
    mask: u32,
    rules: &'static [(u32, Rule)],
}

#[cfg(target_arch = "x86_64")]
const ARCHS: &[Arch] = &[
    // The mask removes the bit of the x32 calls, which have the same numbers otherwise.
    Arch { audit: 0xC000_003E, mask: !0x4000_0000, rules: X86_64 },
    Arch { audit: 0x4000_0003, mask: !0, rules: I386 },
];

#[cfg(target_arch = "aarch64")]
const ARCHS: &[Arch] = &[Arch { audit: 0xC000_00B7, mask: !0, rules: AARCH64 }];

#[cfg(target_arch = "x86_64")]
const X86_64: &[(u32, Rule)] = &[
    (90, NoSetId(1)),                 // chmod
    (91, NoSetId(1)),                 // fchmod
    (268, NoSetId(2)),                // fchmodat
    (452, NoSetId(2)),                // fchmodat2
    (85, NoSetId(1)),                 // creat
    (133, NoSetId(1)),                // mknod
    (259, NoSetId(2)),                // mknodat
    (2, NoSetIdWhenCreating(1, 2)),   // open
    (257, NoSetIdWhenCreating(2, 3)), // openat
    (188, Deny(ENOTSUP)),             // setxattr
    (189, Deny(ENOTSUP)),             // lsetxattr
    (190, Deny(ENOTSUP)),             // fsetxattr
    (191, Deny(ENOTSUP)),             // getxattr
    (192, Deny(ENOTSUP)),             // lgetxattr
    (193, Deny(ENOTSUP)),             // fgetxattr
    (194, Deny(ENOTSUP)),             // listxattr
    (195, Deny(ENOTSUP)),             // llistxattr
    (196, Deny(ENOTSUP)),             // flistxattr
    (463, Deny(ENOTSUP)),             // setxattrat
    (464, Deny(ENOTSUP)),             // getxattrat
    (465, Deny(ENOTSUP)),             // listxattrat
];

#[cfg(target_arch = "x86_64")]
const I386: &[(u32, Rule)] = &[
    (15, NoSetId(1)),                 // chmod
    (94, NoSetId(1)),                 // fchmod
    (306, NoSetId(2)),                // fchmodat
    (452, NoSetId(2)),                // fchmodat2
    (8, NoSetId(1)),                  // creat
    (14, NoSetId(1)),                 // mknod
    (297, NoSetId(2)),                // mknodat
    (5, NoSetIdWhenCreating(1, 2)),   // open
    (295, NoSetIdWhenCreating(2, 3)), // openat
    (226, Deny(ENOTSUP)),             // setxattr
    (227, Deny(ENOTSUP)),             // lsetxattr
    (228, Deny(ENOTSUP)),             // fsetxattr
    (229, Deny(ENOTSUP)),             // getxattr
    (230, Deny(ENOTSUP)),             // lgetxattr
    (231, Deny(ENOTSUP)),             // fgetxattr
    (232, Deny(ENOTSUP)),             // listxattr
    (233, Deny(ENOTSUP)),             // llistxattr
    (234, Deny(ENOTSUP)),             // flistxattr
    (463, Deny(ENOTSUP)),             // setxattrat
    (464, Deny(ENOTSUP)),             // getxattrat
    (465, Deny(ENOTSUP)),             // listxattrat
];

#[cfg(target_arch = "aarch64")]
const AARCH64: &[(u32, Rule)] = &[
    (52, NoSetId(1)),                // fchmod
    (53, NoSetId(2)),                // fchmodat
    (452, NoSetId(2)),               // fchmodat2
    (33, NoSetId(2)),                // mknodat
    (56, NoSetIdWhenCreating(2, 3)), // openat
    (5, Deny(ENOTSUP)),              // setxattr
    (6, Deny(ENOTSUP)),              // lsetxattr
    (7, Deny(ENOTSUP)),              // fsetxattr
    (8, Deny(ENOTSUP)),              // getxattr
    (9, Deny(ENOTSUP)),              // lgetxattr
    (10, Deny(ENOTSUP)),             // fgetxattr
    (11, Deny(ENOTSUP)),             // listxattr
    (12, Deny(ENOTSUP)),             // llistxattr
    (13, Deny(ENOTSUP)),             // flistxattr
    (463, Deny(ENOTSUP)),            // setxattrat
    (464, Deny(ENOTSUP)),            // getxattrat
    (465, Deny(ENOTSUP)),            // listxattrat
];

// Instructions of classic BPF: load a word of seccomp_data, and, jump if equal, jump if any bit.
const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP_EQ: u16 = 0x15;
const JUMP_BITS: u16 = 0x45;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;

fn op(code: u16, value: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt: 0, jf: 0, k: value }
}

fn jump(code: u16, value: u32, if_true: u8, if_false: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt: if_true, jf: if_false, k: value }
}

/// Offset of the low half of an argument in `seccomp_data`.
fn argument(index: u32) -> u32 {
    16 + 8 * index
}

fn rule_body(rule: Rule) -> Vec<libc::sock_filter> {
    let refuse_set_id = |arg| {
        vec![
            op(LOAD, argument(arg)),
            jump(JUMP_BITS, SET_ID, 0, 1),
            op(RETURN, ERRNO | libc::EPERM.cast_unsigned()),
            op(RETURN, ALLOW),
        ]
    };
    match rule {
        Deny(errno) => vec![op(RETURN, ERRNO | errno)],
        NoSetId(arg) => refuse_set_id(arg),
        NoSetIdWhenCreating(flags, mode) => {
            let creating = (libc::O_CREAT | (libc::O_TMPFILE & !libc::O_DIRECTORY)).cast_unsigned();
            let mut body =
                vec![op(LOAD, argument(flags)), jump(JUMP_BITS, creating, 1, 0), op(RETURN, ALLOW)];
            body.extend(refuse_set_id(mode));
            body
        }
    }
}

fn arch_body(arch: &Arch) -> Vec<libc::sock_filter> {
    let mut body = vec![op(LOAD, 0), op(AND, arch.mask)];
    for (number, rule) in arch.rules {
        let inner = rule_body(*rule);
        let skip = u8::try_from(inner.len()).unwrap_or(u8::MAX);
        body.push(jump(JUMP_EQ, *number, 0, skip));
        body.extend(inner);
    }
    body.push(op(RETURN, ALLOW));
    body
}

fn program() -> Vec<libc::sock_filter> {
    let mut program = Vec::new();
    for arch in ARCHS {
        let body = arch_body(arch);
        program.push(op(LOAD, 4));
        // A body can be longer than a conditional jump reaches: jump over a plain one.
        program.push(jump(JUMP_EQ, arch.audit, 1, 0));
        program.push(op(0x05, u32::try_from(body.len()).unwrap_or(0)));
        program.extend(body);
    }
    program.push(op(RETURN, ALLOW));
    program
}

/// Puts the filter on this process and all it starts. Needs no-new-privileges or CAP_SYS_ADMIN in
/// the user namespace.
pub fn apply() -> io::Result<()> {
    let mut program = program();
    let filter = libc::sock_fprog {
        len: u16::try_from(program.len()).unwrap_or(0),
        filter: program.as_mut_ptr(),
    };
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: `filter` describes `program`, and both live through the call.
    match unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const filter, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the filter on one call, as the kernel would.
    fn verdict(audit: u32, number: u32, args: [u32; 6]) -> u32 {
        let program = program();
        let word = |offset: u32| match offset {
            0 => number,
            4 => audit,
            low => args[((low - 16) / 8) as usize],
        };
        let (mut at, mut value) = (0usize, 0u32);
        loop {
            let ins = program[at];
            at += 1;
            let branch = |yes: bool| usize::from(if yes { ins.jt } else { ins.jf });
            match ins.code {
                LOAD => value = word(ins.k),
                AND => value &= ins.k,
                JUMP_EQ => at += branch(value == ins.k),
                JUMP_BITS => at += branch(value & ins.k != 0),
                0x05 => at += ins.k as usize,
                RETURN => return ins.k,
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn verdicts() {
        let perm = ERRNO | libc::EPERM.cast_unsigned();
        let creat = libc::O_CREAT.cast_unsigned();
        let tmpfile = libc::O_TMPFILE.cast_unsigned();
        let dir = libc::O_DIRECTORY.cast_unsigned();
        let cases = [
            (0xC000_003E, 90, [0, 0o4755, 0, 0, 0, 0], perm),
            (0xC000_003E, 90, [0, 0o2755, 0, 0, 0, 0], perm),
            (0xC000_003E, 90, [0, 0o1777, 0, 0, 0, 0], ALLOW),
            (0xC000_003E, 0x4000_0000 | 90, [0, 0o4755, 0, 0, 0, 0], perm),
            (0xC000_003E, 452, [0, 0, 0o6755, 0, 0, 0], perm),
            (0xC000_003E, 257, [0, 0, creat, 0o4755, 0, 0], perm),
            (0xC000_003E, 257, [0, 0, tmpfile, 0o4755, 0, 0], perm),
            (0xC000_003E, 257, [0, 0, dir, 0o4755, 0, 0], ALLOW),
            (0xC000_003E, 188, [0; 6], ERRNO | ENOTSUP),
            (0xC000_003E, 59, [0; 6], ALLOW),
            (0x4000_0003, 15, [0, 0o4755, 0, 0, 0, 0], perm),
            (0x4000_0003, 90, [0, 0o4755, 0, 0, 0, 0], ALLOW),
            (0x1234_5678, 90, [0, 0o4755, 0, 0, 0, 0], ALLOW),
        ];
        for (audit, number, args, expected) in cases {
            assert_eq!(verdict(audit, number, args), expected, "{audit:#x} {number} {args:?}");
        }
    }
}
