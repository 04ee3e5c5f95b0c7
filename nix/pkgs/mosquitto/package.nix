{ fromDebian, lib }:
fromDebian "mosquitto" {
  meta = {
    description = "Message broker for MQTT";
    homepage = "https://mosquitto.org/";
    license = lib.licenses.epl10;
    mainProgram = "mosquitto";
  };
}
