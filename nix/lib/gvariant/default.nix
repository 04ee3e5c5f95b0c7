# Values in the text form of GVariant, for dconf.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    concatStringsSep
    filter
    head
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    typeOf
    ;
  inherit (lib.strings) concatMapStringsSep escape replaceString;
  inherit (lib.trivial) throwIf throwIfNot;

  # The letters of types.
  type = {
    boolean = "b";
    double = "d";
    int16 = "n";
    int32 = "i";
    int64 = "x";
    string = "s";
    uchar = "y";
    uint16 = "q";
    uint32 = "u";
    uint64 = "t";
    variant = "v";
    /**
      The type of lists of a type.

      # Type
      `arrayOf :: String -> String`

      # Example
      lib.gvariant.type.arrayOf "s"
      => "as"
    */
    arrayOf = element: "a${element}";
    /**
      The type of values of a type that may be missing.

      # Type
      `maybeOf :: String -> String`

      # Example
      lib.gvariant.type.maybeOf "s"
      => "ms"
    */
    maybeOf = element: "m${element}";
    /**
      The type of tuples, by the types of their parts.

      # Type
      `tupleOf :: [String] -> String`

      # Example
      lib.gvariant.type.tupleOf [ "s" "i" ]
      => "(si)"
    */
    tupleOf = elements: "(${concatStringsSep "" elements})";
    /**
      The type of a dictionary's entry, by the types of key and value.

      # Type
      `dictionaryEntryOf :: String -> String -> String`

      # Example
      lib.gvariant.type.dictionaryEntryOf "s" "i"
      => "{si}"
    */
    dictionaryEntryOf = key: value: "{${key}${value}}";
  };

  # A value of a type, with the function that writes it.
  make = type: value: show: {
    _type = "gvariant";
    inherit type value;
    __toString = show;
  };
  withType = show: self: "@${self.type} ${show self}";
  bare = type: value: make type value (self: toString self.value);
  annotated = type: value: make type value (withType (self: toString self.value));
  commas = concatMapStringsSep "," toString;

  integer = name: letter: min: max: {
    inherit max min name;
    type = letter;
  };

  gvariant = {
    inherit type;

    /**
      The functions that make integers, with the range of each as far as the language can say it.
    */
    intConstructors = [
      (integer "mkInt32" type.int32 (-2147483648) 2147483647)
      (integer "mkUint32" type.uint32 0 4294967295)
      (integer "mkInt64" type.int64 null null)
      (integer "mkUint64" type.uint64 0 null)
      (integer "mkInt16" type.int16 (-32768) 32767)
      (integer "mkUint16" type.uint16 0 65535)
      (integer "mkUchar" type.uchar 0 255)
    ];

    /**
      Whether a value was made by the functions here.

      # Type
      `isGVariant :: a -> Bool`

      # Example
      lib.gvariant.isGVariant (lib.gvariant.mkInt32 1)
      => true
    */
    isGVariant = value: value._type or null == "gvariant";

    /**
      The GVariant of a value whose type is plain: a boolean, float, string, list of such, or a GVariant.

      # Type
      `mkValue :: a -> GVariant`

      # Example
      toString (lib.gvariant.mkValue [ "a" "b" ])
      => "@as ['a','b']"
    */
    mkValue =
      value:
      let
        fits =
          { min, max, ... }: (min == null || min <= value) && (max == null || value <= max);
        choices = concatMapStringsSep "\n" (
          { name, type, ... }: "- `lib.gvariant.${name}` for `${type}`"
        ) (filter fits gvariant.intConstructors);
      in
      if isBool value then
        gvariant.mkBoolean value
      else if isFloat value then
        gvariant.mkDouble value
      else if isString value then
        gvariant.mkString value
      else if isList value then
        gvariant.mkArray value
      else if gvariant.isGVariant value then
        value
      else if isInt value then
        throw ''
          The GVariant type for number “${toString value}” is unclear.
          Please wrap the value with one of the following, depending on the value type in GSettings schema:

          ${choices}
        ''
      else if isAttrs value then
        throw "Cannot construct GVariant value from an attribute set. If you want to construct a dictionary, you will need to create an array with items constructed with mkDictionaryEntry."
      else
        throw "The GVariant type of “${typeOf value}” can't be inferred.";

    /**
      An array; its elements have one type, and there is at least one.

      # Example
      toString (lib.gvariant.mkArray [ true false ])
      => "@ab [true,false]"
    */
    mkArray =
      elements:
      let
        values = map gvariant.mkValue (
          throwIf (elements == [ ]) "Please create empty array with mkEmptyArray." elements
        );
        elementType = (head values).type;
        isUniform = all (value: value.type == elementType) values;
      in
      make (type.arrayOf (
        throwIfNot isUniform "Elements in a list should have same type." elementType
      )) values (withType (self: "[${commas self.value}]"));

    /**
      An array without elements, of a type of elements.

      # Example
      toString (lib.gvariant.mkEmptyArray lib.gvariant.type.string)
      => "@as []"
    */
    mkEmptyArray = elementType: make (type.arrayOf elementType) [ ] (withType (_: "[]"));

    /**
      A value together with its type.

      # Example
      toString (lib.gvariant.mkVariant "a")
      => "<'a'>"
    */
    mkVariant =
      value: make type.variant (gvariant.mkValue value) (self: "<${toString self.value}>");

    /**
      An entry of a dictionary, which is an array of these.

      # Example
      toString (lib.gvariant.mkDictionaryEntry "a" true)
      => "@{sb} {'a',true}"
    */
    mkDictionaryEntry =
      name: value:
      let
        key = gvariant.mkValue name;
        content = gvariant.mkValue value;
      in
      make (type.dictionaryEntryOf key.type content.type) { inherit name value; } (
        withType (_: "{${key},${content}}")
      );

    /**
      A value that may be `null`, of a type.

      # Example
      toString (lib.gvariant.mkMaybe lib.gvariant.type.string null)
      => "@ms nothing"
    */
    mkMaybe =
      elementType: value:
      make (type.maybeOf elementType) value (
        self: if self.value == null then "@${self.type} nothing" else "just ${toString self.value}"
      );

    /**
      No value, of a type.

      # Example
      toString (lib.gvariant.mkNothing lib.gvariant.type.string)
      => "@ms nothing"
    */
    mkNothing = elementType: gvariant.mkMaybe elementType null;

    /**
      A value that might have been none.

      # Example
      toString (lib.gvariant.mkJust "a")
      => "just 'a'"
    */
    mkJust =
      value:
      let
        inner = gvariant.mkValue value;
      in
      gvariant.mkMaybe inner.type inner;

    /**
      A tuple.

      # Example
      toString (lib.gvariant.mkTuple [ "a" true ])
      => "@(sb) ('a',true)"
    */
    mkTuple =
      elements:
      let
        values = map gvariant.mkValue elements;
      in
      make (type.tupleOf (map (value: value.type) values)) values (withType (self: "(${commas self.value})"));

    /**
      A boolean.

      # Example
      toString (lib.gvariant.mkBoolean true)
      => "true"
    */
    mkBoolean = value: make type.boolean value (self: if self.value then "true" else "false");

    /**
      A string.

      # Example
      toString (lib.gvariant.mkString "it's")
      => "'it\\'s'"
    */
    mkString =
      value:
      make type.string value (
        self: "'${replaceString "\n" "\\n" (escape [ "'" "\\" ] self.value)}'"
      );

    /**
      The path of an object on the bus.

      # Example
      toString (lib.gvariant.mkObjectpath "/a")
      => "objectpath '/a'"
    */
    mkObjectpath = value: make type.string value (self: "objectpath '${escape [ "'" ] self.value}'");

    /**
      An unsigned integer of 8 bits.

      # Example
      toString (lib.gvariant.mkUchar 1)
      => "@y 1"
    */
    mkUchar = annotated type.uchar;

    /**
      A signed integer of 16 bits.

      # Example
      toString (lib.gvariant.mkInt16 1)
      => "@n 1"
    */
    mkInt16 = annotated type.int16;

    /**
      An unsigned integer of 16 bits.

      # Example
      toString (lib.gvariant.mkUint16 1)
      => "@q 1"
    */
    mkUint16 = annotated type.uint16;

    /**
      A signed integer of 32 bits, which is what a bare number is.

      # Example
      toString (lib.gvariant.mkInt32 1)
      => "1"
    */
    mkInt32 = bare type.int32;

    /**
      An unsigned integer of 32 bits.

      # Example
      toString (lib.gvariant.mkUint32 1)
      => "@u 1"
    */
    mkUint32 = annotated type.uint32;

    /**
      A signed integer of 64 bits.

      # Example
      toString (lib.gvariant.mkInt64 1)
      => "@x 1"
    */
    mkInt64 = annotated type.int64;

    /**
      An unsigned integer of 64 bits.

      # Example
      toString (lib.gvariant.mkUint64 1)
      => "@t 1"
    */
    mkUint64 = annotated type.uint64;

    /**
      A floating point number.

      # Example
      toString (lib.gvariant.mkDouble 1.5)
      => "1.500000"
    */
    mkDouble = bare type.double;
  };
in
gvariant
