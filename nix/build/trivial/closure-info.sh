# Writes what a store knows about a closure, in the form that `nix-store --load-db` reads.
if [ -e "${NIX_ATTRS_SH_FILE-}" ]; then . "$NIX_ATTRS_SH_FILE"; else . ./.attrs.sh; fi
json=${NIX_ATTRS_JSON_FILE:-.attrs.json}
out=${outputs[out]}
mkdir "$out"
jq -r '[.closure[].narSize] | add // 0' <"$json" >"$out/total-nar-size"
jq -r '.closure | sort_by(.path)[]
  | [.path, .narHash, (.narSize | tostring), "", (.references | length | tostring)] + .references
  | join("\n")' <"$json" >"$out/registration"
jq -r '.closure | sort_by(.path)[].path' <"$json" >"$out/store-paths"
