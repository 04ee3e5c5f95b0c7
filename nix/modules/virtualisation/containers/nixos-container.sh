# Lists, starts and enters the containers of this machine.
configurations=@configurations@
state=@state@

usage() {
  cat <<'END'
Usage: nixos-container COMMAND [NAME] [ARGUMENTS]

  list                 names of the containers
  start NAME           start it, and wait until it is up
  stop NAME            stop it
  restart NAME         both
  terminate NAME       end it at once
  status NAME          up, or down
  run NAME -- COMMAND  run a command in it as root
  root-login NAME      a shell in it as root
  login NAME           a login on its console
  show-ip NAME         its address
  show-host-key NAME   its ssh server's key

Containers are described in the machine's configuration (`containers`).
END
}
fail() {
  echo "nixos-container: $*" >&2
  exit 1
}
leader() {
  systemctl show --property MainPID --value "container@$1.service"
}
up() {
  systemctl is-active --quiet "container@$1.service"
}
# Runs the words after the name inside.
inside() {
  local name=$1 process
  shift
  up "$name" || fail "container '$name' is not running; start it: nixos-container start $name"
  # The first process inside is the only child of systemd-nspawn.
  process=$(cat "/proc/$(leader "$name")/task/$(leader "$name")/children")
  exec nsenter --target "${process%% *}" --mount --uts --ipc --net --pid --cgroup --root -- "$@"
}

command=${1-}
case $command in
  "" | help | --help | -h)
    usage
    exit 0
    ;;
  list)
    for file in "$configurations"/*.conf; do
      [ ! -e "$file" ] || basename "$file" .conf
    done
    exit 0
    ;;
  create | update | destroy)
    fail "'$command' is not available: describe containers in the machine's configuration (containers.NAME.config)"
    ;;
esac
name=${2-}
[ -n "$name" ] || fail "'$command' wants the name of a container"
[ -e "$configurations/$name.conf" ] || fail "there is no container '$name'"
shift 2
case $command in
  start | stop | restart) systemctl "$command" "container@$name.service" ;;
  terminate) machinectl terminate "$name" ;;
  status) if up "$name"; then echo up; else echo down; fi ;;
  run)
    [ "${1-}" != -- ] || shift
    inside "$name" /run/current-system/sw/bin/env --ignore-environment PATH=/run/current-system/sw/bin:/run/wrappers/bin "$@"
    ;;
  root-login) inside "$name" /run/current-system/sw/bin/bash --login ;;
  login) machinectl login "$name" ;;
  show-ip)
    . "$configurations/$name.conf"
    [ -n "${LOCAL_ADDRESS-}" ] || fail "container '$name' has no address of its own (containers.$name.localAddress)"
    echo "${LOCAL_ADDRESS%/*}"
    ;;
  show-host-key)
    for kind in ed25519 rsa; do
      key=$state/$name/etc/ssh/ssh_host_${kind}_key.pub
      if [ -e "$key" ]; then
        cat "$key"
        exit 0
      fi
    done
    fail "container '$name' has no ssh server's key yet"
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
