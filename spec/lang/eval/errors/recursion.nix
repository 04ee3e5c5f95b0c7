let a = b + 1; b = a; in a
