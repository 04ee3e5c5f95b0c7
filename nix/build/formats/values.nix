# Types of values that many formats can hold.
{ lib }:
let
  inherit (lib.types)
    attrsOf
    bool
    float
    int
    listOf
    nullOr
    oneOf
    path
    str
    ;

  values = {
    # A value that is not made of others.
    atom =
      description:
      nullOr (oneOf [
        bool
        int
        float
        str
      ])
      // {
        inherit description;
      };

    # A tree of values; `extra` are further types of leaves.
    tree =
      {
        description,
        nullable ? true,
        extra ? [ ],
      }:
      let
        base = oneOf (
          [
            bool
            int
            float
            str
            path
          ]
          ++ extra
          ++ [
            (attrsOf value)
            (listOf value)
          ]
        );
        value = (if nullable then nullOr base else base) // {
          inherit description;
        };
      in
      value;

    # A set marked with a kind in `_type`, made by the functions of a format's `lib`.
    marked =
      kind: description:
      lib.types.mkOptionType {
        name = kind;
        inherit description;
        descriptionClass = "noun";
        check = value: value._type or null == kind;
        merge = lib.options.mergeEqualOption;
      };

    isMarked = kind: value: value._type or null == kind;
  };
in
values
