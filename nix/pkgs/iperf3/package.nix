{ fromDebian, lib }:
fromDebian "iperf3" {
  meta = {
    description = "Measures the speed of a network";
    homepage = "https://software.es.net/iperf/";
    license = lib.licenses.bsd3;
    mainProgram = "iperf3";
  };
}
