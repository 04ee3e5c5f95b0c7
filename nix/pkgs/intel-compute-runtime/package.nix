{ fromDebian, lib }:
fromDebian "intel-opencl-icd" {
  pname = "intel-compute-runtime";
  meta = {
    description = "Computing on graphics of Intel";
    homepage = "https://github.com/intel/compute-runtime";
    license = lib.licenses.mit;
  };
}
