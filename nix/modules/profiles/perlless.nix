# A machine without perl: nothing of a system here is written in it.
{ }
