# Orders pairs of versions by Elixir's Version, which Hex uses.
IO.stream(:stdio, :line)
|> Enum.each(fn line ->
  [a, b] = line |> String.trim_trailing("\n") |> String.split("\t")

  with {:ok, a} <- Version.parse(a), {:ok, b} <- Version.parse(b) do
    IO.puts(%{lt: "<", eq: "=", gt: ">"}[Version.compare(a, b)])
  else
    _ -> IO.puts("?")
  end
end)
