{ fromDebian, lib }:
fromDebian "prometheus-node-exporter" {
  meta = {
    description = "Measurements of a machine for Prometheus";
    homepage = "https://github.com/prometheus/node_exporter";
    license = lib.licenses.asl20;
    mainProgram = "prometheus-node-exporter";
  };
}
