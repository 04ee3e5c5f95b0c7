# Python modules: Debian's `python3-NAME` as NAME.
{
  debian,
  debianMore,
  lib,
  pkgs,
}:
let
  prefix = "python3-";
  all = debian // debianMore;
  names = lib.filter (lib.hasPrefix prefix) (builtins.attrNames all);
  modules = builtins.listToAttrs (
    map (name: {
      name = lib.removePrefix prefix name;
      value = all.${name};
    }) names
  );

  self =
    (pkgs.__lacking.python3Packages or { })
    // modules
    // {
      python = pkgs.python3;
      callPackage = lib.callPackageWith (pkgs // self);
      attrs = modules.attr;
      beautifulsoup4 = modules.bs4;
      cython = all.cython3;
      dbus-python = modules.dbus;
      gunicorn = all.gunicorn;
      inherit (pkgs) virtualenv;
      mysqlclient = modules.mysqldb;
      pillow = modules.pil;
      pygobject3 = modules.gi;
      pyjwt = modules.jwt;
      pynacl = modules.nacl;
      pyopenssl = modules.openssl;
      python-dateutil = modules.dateutil;
      python-dotenv = modules.dotenv;
      pytz = modules.tz;
      pyyaml = modules.yaml;
      pyzmq = modules.zmq;
      scikit-learn = modules.sklearn;
      # A search finds them under the version's name only.
      recurseForDerivations = false;
    };
in
self
