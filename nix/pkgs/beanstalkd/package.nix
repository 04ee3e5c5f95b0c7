{ fromDebian, lib }:
fromDebian "beanstalkd" {
  meta = {
    description = "Queue of jobs";
    license = lib.licenses.mit;
    mainProgram = "beanstalkd";
  };
}
