# CPython of Debian: version, standard library and compiled modules in one store path.
{
  fromDebian,
  debianGroups,
  lib,
  pkgs,
}:
let
  self = fromDebian "python3" {
    meta = {
      description = "The Python language";
      homepage = "https://www.python.org/";
      license = lib.licenses.psfl;
      mainProgram = "python3";
      priority = 5;
    };
    passthru = {
      inherit interpreter;
      executable = "python3.11";
      pythonVersion = "3.11";
      sourceVersion = {
        major = "3";
        minor = "11";
        patch = "2";
        suffix = "";
      };
      implementation = "cpython";
      isPy3 = true;
      isPy2 = false;
      isPy311 = true;
      isPyPy = false;
      libPrefix = "python3.11";
      # Debian's modules are in dist-packages of their own store paths.
      sitePackages = "lib/python3/dist-packages";
      withPackages = choose: environment (choose pkgs.python3Packages);
      buildEnv = environment;
      pkgs = pkgs.python3Packages;
    };
  };
  interpreter = "${self}/bin/python3";

  # Modules that a module needs are those of its group's closure.
  modulesOf =
    packages:
    lib.concatMap (package: package.debianClosure or [ package ]) (
      lib.filter (package: package != null) packages
    );

  environment =
    packages:
    pkgs.runCommand "python3-${self.version}-env"
      {
        modules = map (module: "${module}") (
          map (item: item.module) (
            builtins.genericClosure {
              startSet = map (module: {
                key = module.groupName or "${module}";
                inherit module;
              }) (modulesOf packages);
              operator = _: [ ];
            }
          )
        );
        passthru = self.passthru // {
          interpreter = "${environment packages}/bin/python3";
          python = self;
        };
        meta.mainProgram = "python3";
        preferLocalBuild = true;
      }
      ''
        path=
        for module in $modules; do
          if [ -d $module/lib/python3/dist-packages ]; then
            path+=''${path:+:}$module/lib/python3/dist-packages
          fi
        done
        mkdir -p $out/bin
        for program in ${self}/bin/*; do ln -s "$program" $out/bin/; done
        for module in $modules; do
          for program in $module/bin/*; do
            if head -n 1 "$program" 2>/dev/null | grep -q '^#!.*python3'; then
              rm -f "$out/bin/''${program##*/}"
              printf '#!%s\nexport PYTHONPATH=%s''${PYTHONPATH:+:$PYTHONPATH}\nexec %s "$@"\n' \
                ${pkgs.runtimeShell} "$path" "$program" > "$out/bin/''${program##*/}"
              chmod +x "$out/bin/''${program##*/}"
            fi
          done
        done
        for program in python3 python3.11 python; do
          rm -f $out/bin/$program
          printf '#!%s\nexport PYTHONPATH=%s''${PYTHONPATH:+:$PYTHONPATH}\nexec %s "$@"\n' \
            ${pkgs.runtimeShell} "$path" ${interpreter} > $out/bin/$program
          chmod +x $out/bin/$program
        done
      '';
in
self
