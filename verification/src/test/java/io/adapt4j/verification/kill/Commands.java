package io.adapt4j.verification.kill;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs {@code adapt4j} in processes of their own. */
final class Commands {

  /** How long a command may take. */
  static final long MOST_MILLIS = 300_000;

  private static final Path THIS_JDK = Path.of(System.getProperty("java.home"));

  private Commands() {}

  /** Makes a working folder with a scenario's files. */
  static Path prepared(Scenario scenario, Path at) throws IOException {
    Files.createDirectory(at);
    for (Map.Entry<String, String> file : scenario.files().entrySet()) {
      Files.writeString(at.resolve(file.getKey()), file.getValue());
    }
    return at;
  }

  /** Returns the exit status, or -1 if the process had to be killed. */
  static int run(Path at, List<String> arguments, long millis) throws Exception {
    return run(THIS_JDK, at, arguments, millis);
  }

  /** Likewise, on another JDK. */
  static int run(Path jdk, Path at, List<String> arguments, long millis) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.add("-Xmx512m");
    // The shortest way to the end of a short program.
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("io.adapt4j.cli.Adapt4j");
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .directory(at.toFile())
            .redirectErrorStream(true)
            .redirectOutput(at.resolve("log").toFile())
            .start();
    if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
      return process.exitValue();
    }
    process.destroyForcibly().waitFor();
    return -1;
  }

  /** What the last command said. */
  static String log(Path at) throws IOException {
    return Files.readString(at.resolve("log"));
  }

  /** The digests of the files that count, by name. */
  static Map<String, String> results(Scenario scenario, Path at) throws IOException {
    Map<String, String> results = new TreeMap<>();
    try (Stream<Path> files = Files.walk(at)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path relative = at.relativize(file);
        // States are what a run goes on with; which of them are left depends on where it was cut.
        if (scenario.results().counts(relative) && !relative.toString().contains("states")) {
          byte[] bytes = Files.readAllBytes(file);
          results.put(relative.toString(), Hashing.sha256().hashBytes(bytes).toString());
        }
      }
    }
    return results;
  }
}
