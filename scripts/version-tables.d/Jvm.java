// Orders pairs of versions by Java's Runtime.Version, with builds and options left out.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.regex.Pattern;

class Jvm {
    // Runtime.Version refuses what Java 8 and older were called, and zeros at the end.
    private static final Pattern ZEROS = Pattern.compile("^(\\d+(?:\\.\\d+)*?)(?:\\.0+)+(?=$|[-+])");

    private static Runtime.Version read(String text) {
        var version = Runtime.Version.parse(ZEROS.matcher(text).replaceFirst("$1"));
        var bare = new StringBuilder();
        for (int number : version.version()) {
            bare.append(bare.isEmpty() ? "" : ".").append(number);
        }
        version.pre().ifPresent(pre -> bare.append("-").append(pre));
        return Runtime.Version.parse(bare.toString());
    }

    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            String[] pair = line.split("\t", -1);
            try {
                int found = read(pair[0]).compareTo(read(pair[1]));
                System.out.println(found < 0 ? "<" : found > 0 ? ">" : "=");
            } catch (IllegalArgumentException e) {
                System.out.println("?");
            }
        }
    }
}
