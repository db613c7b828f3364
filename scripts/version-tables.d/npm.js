// Orders pairs of versions by node-semver, loose.
const { SemVer } = require('semver')
const lines = require('fs').readFileSync(0, 'utf8').split('\n')
lines.pop()
const answers = lines.map((line) => {
  const [a, b] = line.split('\t')
  try {
    return '<=>'[new SemVer(a, true).compare(new SemVer(b, true)) + 1]
  } catch {
    return '?'
  }
})
console.log(answers.join('\n'))
