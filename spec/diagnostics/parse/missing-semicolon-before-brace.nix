{
  a = f x
}
