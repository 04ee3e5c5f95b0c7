{ fromDebian, lib }:
fromDebian "prometheus-alertmanager" {
  meta = {
    description = "Sends alerts of Prometheus";
    license = lib.licenses.asl20;
    mainProgram = "prometheus-alertmanager";
  };
}
