{
  description = "Outputs of all kinds";
  outputs = { self }:
    let d = name: system: derivation { inherit name system; builder = "/bin/sh"; };
        described = (d "described-1" "x86_64-linux") // { meta.description = "A thing"; };
    in {
      packages.x86_64-linux.default = described;
      packages.x86_64-linux.b = d "b-1" "x86_64-linux";
      packages.aarch64-linux.default = d "a-1" "aarch64-linux";
      packages.riscv64-linux = { };
      devShells.x86_64-linux.default = d "shell" "x86_64-linux";
      devShell.x86_64-linux = d "old-shell" "x86_64-linux";
      checks.x86_64-linux.t = d "test" "x86_64-linux";
      formatter.x86_64-linux = d "fmt" "x86_64-linux";
      apps.x86_64-linux.run = { type = "app"; program = "/x"; };
      apps.x86_64-linux.told = { type = "app"; program = "/x"; meta.description = "Runs"; };
      legacyPackages.x86_64-linux = { hello = d "hello" "x86_64-linux"; set.inner = d "inner" "x86_64-linux"; broken = throw "no"; };
      hydraJobs.job = d "job" "x86_64-linux";
      hydraJobs.more.job = d "job2" "x86_64-linux";
      overlays.default = final: prev: { };
      overlay = final: prev: { };
      nixosModules.m = { };
      nixosConfigurations.host = { };
      templates.default = { path = ./tpl; description = "A template"; welcomeText = "# Hello\nDo *this*."; };
      lib.x = 1;
      other = 2;
      checks.aarch64-linux = { };
    };
}
