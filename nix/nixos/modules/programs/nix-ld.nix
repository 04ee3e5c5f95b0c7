# Its options are among those that are only known.
{ }
