-- Orders pairs of versions by rpm.vercmp. `pairs_file` is set by the caller.
for line in io.lines(pairs_file) do
    local a, b = line:match("^(.-)\t(.*)$")
    local read, found = pcall(rpm.vercmp, a, b)
    if not read then
        print("?")
    else
        print(found < 0 and "<" or found > 0 and ">" or "=")
    end
end
