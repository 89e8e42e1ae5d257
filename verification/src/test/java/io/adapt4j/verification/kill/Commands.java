package io.adapt4j.verification.kill;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs {@code adapt4j} in processes of their own. */
final class Commands {

  /** How long a command may take. */
  static final long MOST_MILLIS = 300_000;

  private static final Path THIS_JDK = Path.of(System.getProperty("java.home"));

  private Commands() {}

  /** Makes a working folder with a scenario's files, and runs what comes before it. */
  static Path prepared(Scenario scenario, Path at) throws Exception {
    Files.createDirectory(at);
    for (Map.Entry<String, String> file : scenario.files().entrySet()) {
      Path path = at.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    for (List<String> command : scenario.before()) {
      int status = run(scenario, at, command, MOST_MILLIS);
      if (status != 0) {
        throw new AssertionError(command + " ended with " + status + ": " + log(at));
      }
    }
    return at;
  }

  /** Returns the exit status, or -1 if the process had to be killed. */
  static int run(Scenario scenario, Path at, List<String> arguments, long millis) throws Exception {
    return run(THIS_JDK, scenario, at, arguments, millis);
  }

  /** Likewise, on another JDK. */
  static int run(Path jdk, Scenario scenario, Path at, List<String> arguments, long millis)
      throws Exception {
    Process process = start(jdk, scenario.environment(), at, arguments);
    if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
      return process.exitValue();
    }
    process.destroyForcibly().waitFor();
    return -1;
  }

  /** Starts a command on this JDK. */
  static Process start(Path at, List<String> arguments) throws IOException {
    return start(THIS_JDK, Map.of(), at, arguments);
  }

  private static Process start(
      Path jdk, Map<String, String> environment, Path at, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.add("-Xmx512m");
    // The shortest way to the end of a short program.
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("io.adapt4j.cli.Adapt4j");
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(at.toFile())
            .redirectErrorStream(true)
            .redirectOutput(at.resolve("log").toFile());
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** What the last command said. */
  static String log(Path at) throws IOException {
    return Files.readString(at.resolve("log"));
  }
}
