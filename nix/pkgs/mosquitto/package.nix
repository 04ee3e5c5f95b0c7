{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "mosquitto-${debian.mosquitto.version}";
  pname = "mosquitto";
  inherit (debian.mosquitto) version;
  paths = [ debian.mosquitto debian.mosquitto-clients ];
  meta = {
    description = "Broker and clients of messages by MQTT";
    homepage = "https://mosquitto.org/";
    license = lib.licenses.epl20;
    mainProgram = "mosquitto";
  };
}
