<?php
// Orders pairs of versions by composer/semver: its normal form, then its Comparator.
require (getenv('COMPOSER_SEMVER') ?: '/usr/share/php/Composer/Semver') . '/autoload.php';

use Composer\Semver\Comparator;
use Composer\Semver\VersionParser;

$parser = new VersionParser();
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode("\t", rtrim($line, "\n"));
    try {
        $a = $parser->normalize($a);
        $b = $parser->normalize($b);
        echo Comparator::equalTo($a, $b) ? '=' : (Comparator::lessThan($a, $b) ? '<'
            : (Comparator::greaterThan($a, $b) ? '>' : '?')), "\n";
    } catch (\Exception $e) {
        echo "?\n";
    }
}
