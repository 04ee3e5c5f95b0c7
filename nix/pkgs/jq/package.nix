{ fromDebian, lib }:
fromDebian "jq" {
  meta = {
    description = "Queries and changes JSON";
    homepage = "https://jqlang.github.io/jq/";
    license = lib.licenses.mit;
    mainProgram = "jq";
  };
}
