# gitolite: Git repositories with rights, and fcgiwrap in front of them.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.gitolite;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  hooks = pkgs.linkFarm "gitolite-hooks" (map (hook: { name = baseNameOf (toString hook); path = hook; }) cfg.commonHooks);
in
{
  options.services.gitolite = {
    enable = flag false "Whether Git repositories are served by gitolite.";
    dataDir = mkOption {
      type = types.str;
      default = "/var/lib/gitolite";
      description = "Folder of the repositories.";
    };
    adminPubkey = mkOption {
      type = types.str;
      description = "Public key of the first who administers.";
    };
    enableGitAnnex = flag false "Whether git-annex may be used.";
    commonHooks = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Hooks of all repositories.";
    };
    extraGitoliteRc = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of Perl at the end of `.gitolite.rc`.";
    };
    user = mkOption {
      type = types.str;
      default = "gitolite";
      description = "User that owns them.";
    };
    description = mkOption {
      type = types.str;
      default = "Gitolite user";
      description = "That user's description.";
    };
    group = mkOption {
      type = types.str;
      default = "gitolite";
      description = "Group that owns them.";
    };
  };
  config = lib.mkIf cfg.enable {
    services.gitolite.extraGitoliteRc = lib.mkIf cfg.enableGitAnnex "push( @{$RC{ENABLE}}, 'git-annex-shell ua');";
    users.users.${cfg.user} = {
      inherit (cfg) description group;
      home = cfg.dataDir;
      uid = config.ids.uids.gitolite or 127;
      useDefaultShell = true;
      isSystemUser = true;
    };
    users.groups.${cfg.group}.gid = config.ids.gids.gitolite or 127;
    environment.systemPackages = [ pkgs.gitolite pkgs.git ];
    # Its modules of Perl are looked for in `/usr`.
    system.usrPackages = [ pkgs.gitolite ];
    systemd.tmpfiles.rules = [
      "d '${cfg.dataDir}' 0750 ${cfg.user} ${cfg.group} - -"
      "d '${cfg.dataDir}/.gitolite' - ${cfg.user} ${cfg.group} - -"
      "d '${cfg.dataDir}/.gitolite/logs' - ${cfg.user} ${cfg.group} - -"
    ];
    systemd.services.gitolite-init = {
      description = "Gitolite initialization";
      wantedBy = [ "multi-user.target" ];
      unitConfig.RequiresMountsFor = cfg.dataDir;
      environment.GITOLITE_RC = ".gitolite.rc";
      path = [ pkgs.gitolite pkgs.git pkgs.perl pkgs.bash pkgs.diffutils config.programs.ssh.package ];
      serviceConfig = {
        Type = "oneshot";
        User = cfg.user;
        Group = cfg.group;
        WorkingDirectory = "~";
        RemainAfterExit = true;
      };
      script = ''
        if [ ! -e ~/.gitolite.rc ]; then
          gitolite print-default-rc > ~/.gitolite.rc
        fi
        rc=$(mktemp)
        gitolite print-default-rc > "$rc"
        ${lib.optionalString (cfg.extraGitoliteRc != "") ''
          cat ${pkgs.writeText "gitolite-extra.pl" cfg.extraGitoliteRc} >> "$rc"
          echo '1;' >> "$rc"
        ''}
        cp "$rc" ~/.gitolite.rc
        rm "$rc"
        if [ -d .gitolite ] && [ -d repositories/gitolite-admin.git ]; then
          gitolite setup
        else
          printf '%s\n' ${lib.escapeShellArg cfg.adminPubkey} > gitolite-admin.pub
          gitolite setup -pk gitolite-admin.pub
          rm gitolite-admin.pub
        fi
        mkdir -p ~/.gitolite/hooks/common
        ${lib.optionalString (cfg.commonHooks != [ ]) "ln -sf ${hooks}/* ~/.gitolite/hooks/common/ && gitolite setup"}
      '';
    };
  };
}
