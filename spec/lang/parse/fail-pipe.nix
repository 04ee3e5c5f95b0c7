f |> g
