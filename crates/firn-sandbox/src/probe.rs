//! Why namespaces can't be had, in words that help.

use std::fs;

/// What to do when the kernel refuses to make namespaces with the error number `errno`.
pub fn namespace_help(errno: Option<i32>) -> String {
    namespace_help_with(errno, |name| {
        fs::read_to_string(format!("/proc/sys/{name}")).ok().map(|v| v.trim().to_owned())
    })
}

fn namespace_help_with(errno: Option<i32>, sysctl: impl Fn(&str) -> Option<String>) -> String {
    let cases = [
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ];
    for (name, bad, command) in cases {
        if sysctl(name).as_deref() == Some(bad) {
            let name = name.replace('/', ".");
            return format!(
                "builds run in user namespaces, which this system forbids ({name} = {bad}); \
                 as root: {command}"
            );
        }
    }
    if errno == Some(libc::ENOSPC) {
        return "too many namespaces exist, or they are nested too deeply: raise the sysctls \
                user.max_*_namespaces, or end programs that hold some"
            .into();
    }
    "builds run in user namespaces, which need a kernel with CONFIG_USER_NS, and inside a \
     container its permission (docker: --security-opt seccomp=unconfined --cap-add SYS_ADMIN)"
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_sysctl() {
        let only = |wanted: &'static str, value: &'static str| {
            move |name: &str| (name == wanted).then(|| value.to_owned())
        };
        let text = namespace_help_with(None, only("kernel/unprivileged_userns_clone", "0"));
        assert!(text.contains("sysctl -w kernel.unprivileged_userns_clone=1"), "{text}");
        let text = namespace_help_with(Some(libc::ENOSPC), only("user/max_user_namespaces", "9"));
        assert!(text.contains("max_*_namespaces"), "{text}");
        let text = namespace_help_with(Some(libc::EPERM), |_| None);
        assert!(text.contains("CONFIG_USER_NS"), "{text}");
    }
}
