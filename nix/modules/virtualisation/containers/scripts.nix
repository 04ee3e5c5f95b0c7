# What happens when a container starts: before and after on the machine, and first of all inside.
{
  lib,
  pkgs,
  systemd,
}:
let
  ip = "${pkgs.iproute2}/bin/ip";
  when = lib.optionalString;
  pairs = cfg: lib.attrsToList cfg.extraVeths;
  # One of them, or a bridge, makes the first pair of interfaces.
  hasPair =
    cfg:
    lib.any (value: value != null) [
      cfg.hostAddress
      cfg.hostAddress6
      cfg.localAddress
      cfg.localAddress6
      cfg.localMacAddress
    ];
  port =
    forwarded:
    "--port=${forwarded.protocol}:${toString forwarded.hostPort}:${
      toString (if forwarded.containerPort != null then forwarded.containerPort else forwarded.hostPort)
    }";
  bind =
    mount:
    "--bind${when mount.isReadOnly "-ro"}=${when (mount.hostPath != null) "${mount.hostPath}:"}${mount.mountPoint}";

  flags =
    cfg:
    lib.optional cfg.privateNetwork "--private-network"
    ++ lib.optional (cfg.privateUsers != "no") "--private-users=${toString cfg.privateUsers}"
    ++ lib.optional (hasPair cfg) "--network-veth"
    ++ lib.optional (cfg.hostBridge != null) "--network-bridge=${cfg.hostBridge}"
    ++ lib.optional (cfg.networkNamespace != null) "--network-namespace-path=${cfg.networkNamespace}"
    ++ map (pair: "--network-veth-extra=${pair.name}") (pairs cfg)
    ++ map (name: "--network-interface=${name}") cfg.interfaces
    ++ map (name: "--network-macvlan=${name}") cfg.macvlans
    ++ map port cfg.forwardPorts
    ++ map bind (lib.attrValues cfg.bindMounts)
    ++ map (path: "--tmpfs=${path}") cfg.tmpfs
    ++ lib.optional cfg.ephemeral "--ephemeral"
    ++ lib.optional (!cfg.ephemeral) "--link-journal=try-guest"
    ++ lib.optional (
      cfg.additionalCapabilities != [ ]
    ) "--capability=${lib.concatStringsSep "," cfg.additionalCapabilities}"
    ++ cfg.extraFlags;

  # Addresses of one end, and the ways to the other.
  addresses =
    interface: own: other:
    lib.concatMapStrings (line: "${line}\n") (
      lib.optional (own.v4 != null) "${ip} address add ${own.v4} dev ${interface}"
      ++ lib.optional (own.v6 != null) "${ip} -6 address add ${own.v6} dev ${interface}"
      ++ lib.optional (other.v4 != null) "${ip} route add ${other.v4} dev ${interface}"
      ++ lib.optional (other.v6 != null) "${ip} -6 route add ${other.v6} dev ${interface}"
    );
  ofHost = cfg: {
    v4 = cfg.hostAddress;
    v6 = cfg.hostAddress6;
  };
  ofContainer = cfg: {
    v4 = cfg.localAddress;
    v6 = cfg.localAddress6;
  };

  inside =
    cfg:
    pkgs.writeScript "container-init" ''
      #!${pkgs.runtimeShell} -e
      # Asked to end before the system is there to end itself.
      trap "exit 0" SIGRTMIN+3
      ${when (hasPair cfg || cfg.hostBridge != null) ''
        ${ip} link set host0 name eth0
        ${when (cfg.localMacAddress != null) "${ip} link set dev eth0 address ${cfg.localMacAddress}"}
        ${ip} link set dev eth0 up
        ${addresses "eth0" (ofContainer cfg) (ofHost cfg)}
        ${when (cfg.hostAddress != null) "${ip} route add default via ${cfg.hostAddress}"}
        ${when (cfg.hostAddress6 != null) "${ip} -6 route add default via ${cfg.hostAddress6}"}
      ''}
      ${lib.concatMapStrings (pair: ''
        ${ip} link set dev ${pair.name} up
        ${addresses pair.name (ofContainer pair.value) (ofHost pair.value)}
      '') (pairs cfg)}
      trap - SIGRTMIN+3
      exec "$1"
    '';
in
{
  preStart = name: cfg: ''
    # What a crash has left.
    machinectl terminate ${name} 2>/dev/null || true
    ${lib.concatMapStrings (interface: ''
      ${ip} link delete dev ${interface} 2>/dev/null || true
    '') ([ "ve-${name}" "vb-${name}" ] ++ map (pair: pair.name) (pairs cfg))}
  '';

  start =
    state: name: cfg:
    let
      root = "${state}/${name}";
      perContainer = kind: "/nix/var/nix/${kind}/per-container/${name}";
    in
    ''
      root=${if cfg.ephemeral then "$RUNTIME_DIRECTORY/root" else root}
      mkdir --parents "$root"/{etc,root,var/lib/private} ${perContainer "profiles"} ${perContainer "gcroots"}
      chmod 0755 "$root" "$root/etc" "$root/var/lib"
      chmod 0700 "$root/root" "$root/var/lib/private"
      # Without these, systemd-nspawn takes it for no system.
      [ -d "$root/usr" ] && [ ! -L "$root/usr" ] || ln --symbolic --force --no-dereference ${cfg.path}/usr "$root/usr"
      [ -e "$root/etc/os-release" ] || [ -L "$root/etc/os-release" ] || touch "$root/etc/os-release"
      [ -e "$root/etc/machine-id" ] || touch "$root/etc/machine-id"
      [ ! -e /etc/resolv.conf ] || cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
      declare -a present
      for path in /nix/var/nix/db /nix/var/nix/daemon-socket; do
        [ ! -e "$path" ] || present+=("--bind-ro=$path${when (cfg.privateUsers != "no") ":$path:idmap"}")
      done
      export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
      # The unit has started when the system inside says so.
      exec ${systemd}/bin/systemd-nspawn --keep-unit --machine=${name} --directory="$root" \
        --notify-ready=yes --kill-signal=SIGRTMIN+3 \
        --bind-ro=/nix/store${when (cfg.privateUsers != "no") ":/nix/store:idmap"} "''${present[@]}" \
        --bind=${perContainer "profiles"}:/nix/var/nix/profiles --bind=${perContainer "gcroots"}:/nix/var/nix/gcroots \
        ${lib.escapeShellArgs (flags cfg)} \
        ${inside cfg} ${cfg.path}/init
    '';

  postStart =
    name: cfg:
    when (hasPair cfg && cfg.hostBridge == null) ''
      ${ip} link set dev ve-${name} up
      ${addresses "ve-${name}" (ofHost cfg) (ofContainer cfg)}
    ''
    + lib.concatMapStrings (
      pair:
      if pair.value.hostBridge != null then
        "${ip} link set dev ${pair.name} master ${pair.value.hostBridge} up\n"
      else
        ''
          ${ip} link set dev ${pair.name} up
          ${addresses pair.name (ofHost pair.value) (ofContainer pair.value)}
        ''
    ) (pairs cfg);
}
