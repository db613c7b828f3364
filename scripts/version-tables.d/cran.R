# Orders pairs of versions by R's numeric_version.
lines <- strsplit(readLines(file("stdin")), "\t", fixed = TRUE)
for (pair in lines) {
  found <- tryCatch(
    if (length(pair) == 2) compareVersion(pair[1], pair[2]) else NA,
    error = function(e) NA
  )
  valid <- length(pair) == 2 && all(grepl("^[0-9]+([.-][0-9]+)*$", pair))
  cat(if (valid && !is.na(found)) c("<", "=", ">")[found + 2] else "?", "\n", sep = "")
}
