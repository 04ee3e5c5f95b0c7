let ${"a"}1 = 1; in 1
