# Its option is among those that are only known.
{ }
