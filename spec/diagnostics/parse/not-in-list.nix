a: [ true !a ]
