{ fromDebian, lib }:
fromDebian "prometheus-pushgateway" {
  meta = {
    description = "Takes measurements of short-lived jobs";
    license = lib.licenses.asl20;
    mainProgram = "prometheus-pushgateway";
  };
}
