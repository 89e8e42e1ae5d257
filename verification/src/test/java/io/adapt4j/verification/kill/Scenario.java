package io.adapt4j.verification.kill;

import com.google.common.hash.Hashing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A command that is killed and repeated.
 *
 * @param name what it is called
 * @param files what lies in the working folder beforehand, by name
 * @param before the arguments of what is run before it, and never killed
 * @param command the arguments of {@code adapt4j}
 * @param again the arguments that go on after a kill
 * @param anew the arguments after a kill where there was nothing yet to go on with
 * @param environment variables of the process
 * @param results what must be the same as without kills
 */
record Scenario(
    String name,
    Map<String, String> files,
    List<List<String>> before,
    List<String> command,
    List<String> again,
    List<String> anew,
    Map<String, String> environment,
    Results results) {

  /** What a command leaves. */
  interface Results {

    /** What is compared, by a name for messages. */
    Map<String, String> of(Path at) throws Exception;

    /** The digests of the files of a working folder, given relative to it, that count. */
    static Results files(Predicate<Path> counts) {
      return at -> {
        Map<String, String> results = new TreeMap<>();
        try (Stream<Path> files = Files.walk(at)) {
          for (Path file : files.filter(Files::isRegularFile).toList()) {
            Path relative = at.relativize(file);
            // States are what a run goes on with; which are left depends on where it was cut.
            if (counts.test(relative) && !relative.toString().contains("states")) {
              byte[] bytes = Files.readAllBytes(file);
              results.put(relative.toString(), Hashing.sha256().hashBytes(bytes).toString());
            }
          }
        }
        return results;
      };
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
