# Boots one system without firn: bare.sh STORE [PROGRAM [ARGUMENT …]], where the rest runs on a root with that store.
# A container when CONTAINER is set. Runs as root, in namespaces of its own, on a terminal.
set -eu
store=$1
shift
root=$(mktemp -d)
mount -t tmpfs -o mode=755 none "$root"
for folder in nix/store proc sys dev run tmp; do mkdir -p "$root/$folder"; done
mount --bind "$store/nix/store" "$root/nix/store"
mount -t proc none "$root/proc"
if [ -z "${CONTAINER:-}" ]; then
    mount --rbind /dev "$root/dev"
    truncate -s "$SIZE" "$root/tmp/disk"
    chroot "$root" "$MKFS" -q -F -L nixos -E lazy_itable_init=1,lazy_journal_init=1,nodiscard /tmp/disk
    exec chroot "$root" "$@"
fi
terminal=$(tty)
mount -t tmpfs -o ro none "$root/sys" && mount -o remount,rw "$root/sys"
mkdir -p "$root/sys/fs/cgroup"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -o remount,ro "$root/sys"
mount -t tmpfs -o mode=755 none "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,gid=5 none "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for device in null zero full random urandom tty console; do touch "$root/dev/$device"; done
for device in null zero full random urandom tty; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount --bind "$terminal" "$root/dev/console"
mount -t tmpfs -o mode=755 none "$root/run"
exec env -i container=firn "$(command -v chroot)" "$root" "$@"
