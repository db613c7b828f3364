-- Orders pairs of versions by Cabal's Version.
import Distribution.Parsec (simpleParsec)
import Distribution.Version (Version)

main :: IO ()
main = interact (unlines . map answer . lines)

answer :: String -> String
answer line =
  let (a, b) = break (== '\t') line
   in case (simpleParsec a, simpleParsec (drop 1 b)) of
        (Just one, Just other) -> case compare one (other :: Version) of
          LT -> "<"
          EQ -> "="
          GT -> ">"
        _ -> "?"
