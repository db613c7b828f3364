# Orders pairs of versions by Gem::Version.
STDIN.each_line do |line|
  a, b = line.chomp.split("\t", -1)
  begin
    raise if a.empty? || b.empty?
    puts %w[< = >][(Gem::Version.new(a) <=> Gem::Version.new(b)) + 1]
  rescue StandardError
    puts "?"
  end
end
