{ configuration, ... }:
configurations.x
