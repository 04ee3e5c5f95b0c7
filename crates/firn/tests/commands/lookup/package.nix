name: description: {
  inherit name;
  type = "derivation";
  meta = { inherit description; };
}
