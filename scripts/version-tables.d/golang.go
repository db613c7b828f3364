// Orders pairs of versions by golang.org/x/mod/semver, or with the argument "bitnami" by
// github.com/bitnami/go-version.
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"

	bitnami "github.com/bitnami/go-version/pkg/version"
	"golang.org/x/mod/semver"
)

var release = regexp.MustCompile(`^go(\d+(?:\.\d+){0,2})(?:(alpha|beta|rc)(\d+))?(?:[-+ ].*)?$`)

// module gives a release of Go the form that the Go vulnerability database gives it.
func module(text string) string {
	if found := release.FindStringSubmatch(text); found != nil {
		numbers := found[1]
		for strings.Count(numbers, ".") < 2 {
			numbers += ".0"
		}
		if found[2] != "" {
			numbers += "-" + found[2] + "." + found[3]
		}
		return "v" + numbers
	}
	return "v" + strings.TrimPrefix(text, "v")
}

func order(a, b string) int {
	a, b = module(a), module(b)
	if !semver.IsValid(a) || !semver.IsValid(b) {
		return 2
	}
	return semver.Compare(a, b)
}

func orderBitnami(a, b string) int {
	one, err := bitnami.Parse(a)
	if err != nil {
		return 2
	}
	other, err := bitnami.Parse(b)
	if err != nil {
		return 2
	}
	return one.Compare(other)
}

func main() {
	compare := order
	if os.Args[1] == "bitnami" {
		compare = orderBitnami
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), "\t")
		fmt.Fprintln(out, string("<=>?"[compare(a, b)+1]))
	}
}
