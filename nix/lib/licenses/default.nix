# Licences of packages, for `meta.license`: each `{ shortName, spdxId, fullName, url, free,
# redistributable, deprecated, licenseType }`; how to join them; and what follows from joined ones.
{ lib }:
let
  inherit (builtins)
    all
    any
    elem
    elemAt
    mapAttrs
    ;
  inherit (lib.strings) concatMapStringsSep;

  usual = {
    free = true;
    deprecated = false;
    licenseType = "simple";
  };

  # A licence of the name it stands under.
  make =
    shortName: attrs:
    usual
    // {
      inherit shortName;
      redistributable = attrs.free or true;
    }
    // attrs
    // (if attrs ? spdxId then { url = "https://spdx.org/licenses/${attrs.spdxId}.html"; } else { });

  listed =
    extra:
    mapAttrs (
      name: entry:
      make name (
        {
          spdxId = elemAt entry 0;
          fullName = elemAt entry 1;
        }
        // extra
      )
    );

  spdx = import ./spdx.nix;
  licenses =
    listed { } spdx.free
    // listed { free = false; } spdx.unfree
    // listed {
      free = false;
      redistributable = true;
    } spdx.redistributable
    // listed { deprecated = true; } spdx.deprecated
    // mapAttrs make (import ./others.nix);

  compound = operator: licenses: {
    licenseType = "compound";
    inherit licenses operator;
  };

  # A property of joined licences from that of each. `permissive`: whether one of several to choose
  # from is enough, and all that apply together are needed.
  property =
    ofSimple: permissive:
    let
      ofAny =
        license:
        let
          choice = if permissive then any else all;
          together = if permissive then all else any;
          evaluate = {
            simple = ofSimple license;
            plus = ofAny license.license;
            exception = ofAny license.license && ofAny license.exception;
            compound =
              if license.operator == "OR" then
                choice ofAny license.licenses
              else if license.operator == "AND" then
                together ofAny license.licenses
              else
                throw "Unknown license operator";
          };
        in
        evaluate.${license.licenseType} or (throw "Unknown license type or legacy license");
    in
    ofAny;

  operators = {
    /**
      A choice of licences.

      # Type
      `OR :: [License] -> License`

      # Example
      lib.licenses.toSPDX (lib.licenses.OR [ lib.licenses.mit lib.licenses.asl20 ])
      => "MIT OR Apache-2.0"
    */
    OR = compound "OR";

    /**
      Licences that apply together.

      # Type
      `AND :: [License] -> License`

      # Example
      lib.licenses.toSPDX (lib.licenses.AND [ lib.licenses.mit lib.licenses.asl20 ])
      => "MIT AND Apache-2.0"
    */
    AND = compound "AND";

    /**
      A licence with an exception.

      # Type
      `WITH :: License -> License -> License`

      # Example
      lib.licenses.toSPDX (lib.licenses.WITH lib.licenses.mit lib.licenses.isc)
      => "MIT WITH ISC"
    */
    WITH = license: exception: {
      licenseType = "exception";
      operator = "WITH";
      inherit exception license;
    };

    /**
      A licence or any later version of it.

      # Type
      `PLUS :: License -> License`

      # Example
      lib.licenses.toSPDX (lib.licenses.PLUS lib.licenses.eupl11)
      => "EUPL-1.1+"
    */
    PLUS = license: {
      licenseType = "plus";
      operator = "+";
      inherit license;
    };

    /**
      Whether a predicate holds of joined licences; see `evaluateNamedProperty`.

      # Example
      lib.licenses.evaluateProperty (license: license.free) true lib.licenses.mit
      => true
    */
    evaluateProperty = property;

    /**
      A boolean attribute of joined licences. `true` as second argument: of licences to choose from one
      is enough, and of those that apply together all must have it; `false`: the reverse.

      # Type
      `evaluateNamedProperty :: String -> Bool -> License -> Bool`

      # Example
      lib.licenses.evaluateNamedProperty "free" true (lib.licenses.OR [ lib.licenses.mit lib.licenses.unfree ])
      => true
    */
    evaluateNamedProperty = name: property (license: license.${name});

    /**
      Whether what has the licence is free.

      # Example
      lib.licenses.isFree lib.licenses.unfree
      => false
    */
    isFree = operators.evaluateNamedProperty "free" true;

    /**
      Whether what has the licence may be passed on.

      # Example
      lib.licenses.isRedistributable lib.licenses.mit
      => true
    */
    isRedistributable = operators.evaluateNamedProperty "redistributable" true;

    /**
      Whether one cannot get around some licences of a list.

      # Example
      lib.licenses.containsLicenses [ lib.licenses.mit ] (lib.licenses.OR [ lib.licenses.mit lib.licenses.isc ])
      => false
    */
    containsLicenses = wanted: property (license: elem license wanted) false;

    /**
      A licence in the notation of SPDX.

      # Type
      `toSPDX :: License -> String`

      # Example
      lib.licenses.toSPDX lib.licenses.mit
      => "MIT"
    */
    toSPDX =
      license:
      let
        isJoined = other: other.licenseType == "compound" || other.licenseType == "exception";
        nested = other: if isJoined other then "(${operators.toSPDX other})" else operators.toSPDX other;
        show = {
          simple = license.spdxId or "LicenseRef-nixos-${license.shortName}";
          compound = concatMapStringsSep " ${license.operator} " nested license.licenses;
          exception = "${nested license.license} ${license.operator} ${nested license.exception}";
          plus = nested license.license + license.operator;
        };
      in
      show.${license.licenseType} or (throw "Unknown license type");
  };
in
licenses // operators
