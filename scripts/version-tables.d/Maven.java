// Orders pairs of versions by Maven's ComparableVersion.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import org.apache.maven.artifact.versioning.ComparableVersion;

class Maven {
    public static void main(String[] arguments) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in));
        var out = new PrintStream(new java.io.BufferedOutputStream(System.out));
        for (String line; (line = in.readLine()) != null; ) {
            String[] pair = line.split("\t", -1);
            if (pair[0].isEmpty() || pair[1].isEmpty()) {
                out.println("?");
                continue;
            }
            int found = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            out.println(found < 0 ? "<" : found > 0 ? ">" : "=");
        }
        out.flush();
    }
}
