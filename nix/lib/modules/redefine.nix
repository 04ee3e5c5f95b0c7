# A definition `{ file, value }` made of another one: of what stands under `name` in its value, or in its
# own place if `name` is null. Where the evaluator helps (see ./default.nix), the attribute `value` has the
# position at which the user wrote the definition; `showDefs` shows it.
builtins.firn.modules.redefine or (
  definition: _: value: {
    inherit (definition) file;
    inherit value;
  }
)
