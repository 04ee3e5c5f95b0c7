{ fromDebian, lib }:
fromDebian "fuse3" {
  meta = {
    description = "File systems in user space";
    homepage = "https://github.com/libfuse/libfuse";
    license = lib.licenses.gpl2Only;
    mainProgram = "fusermount3";
  };
}
