{ fromDebian, lib }:
fromDebian "rabbitmq-server" {
  meta = {
    description = "Message broker";
    license = lib.licenses.mpl20;
    mainProgram = "rabbitmq-server";
  };
}
