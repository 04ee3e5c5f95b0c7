{
  hostKeys = ...;
}
