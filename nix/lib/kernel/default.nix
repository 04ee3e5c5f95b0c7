# Values of the options a Linux kernel is configured with.
{ lib }:
let
  inherit (lib.modules) mkIf;
  inherit (lib.strings) versionAtLeast versionOlder;

  answer = tristate: {
    inherit tristate;
    optional = false;
  };
in
{
  /** Built into the kernel. */
  yes = answer "y";

  /** Left out. */
  no = answer "n";

  /** Built as a module. */
  module = answer "m";

  /** Without an answer: the kernel's default, which cannot be asked for as a value. */
  unset = answer null;

  /**
    A value that is text, such as a number or a string.

    # Example
    lib.kernel.freeform "100"
    => { freeform = "100"; optional = false; }
  */
  freeform = value: {
    freeform = value;
    optional = false;
  };

  /**
    A value for an option that the kernel may not have.

    # Example
    (lib.kernel.option lib.kernel.yes).optional
    => true
  */
  option = value: value // { optional = true; };

  /**
    Conditions on a kernel's version: `whenAtLeast`, `whenOlder`, `whenBetween` (from, before).

    # Example
    ((lib.kernel.whenHelpers "6.1").whenAtLeast "6.0" lib.kernel.yes).condition
    => true
  */
  whenHelpers = version: {
    whenAtLeast = first: mkIf (versionAtLeast version first);
    whenOlder = limit: mkIf (versionOlder version limit);
    whenBetween = first: limit: mkIf (versionAtLeast version first && versionOlder version limit);
  };
}
