package io.adapt4j.verification.kill;

import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Kills a command at random moments and repeats it until it ends; then its files must be those of a
 * run that nothing disturbed. As a program: seed, kills for each scenario, and the scenarios' names
 * joined by commas, or "all".
 */
public final class KillAnywhere {

  private static final int REFUSED = 2;
  private static final long MOST_SECONDS = 300;

  private final Path folder;
  private final Random random;

  KillAnywhere(Path folder, long seed) {
    this.folder = folder;
    this.random = new Random(seed);
  }

  /**
   * What became of a scenario.
   *
   * @param kills how often it was killed
   * @param runs how often it ended, so was compared
   */
  record Outcome(int kills, int runs) {}

  /** Prints a line a scenario. */
  public static void main(String[] args) throws Exception {
    List<String> names = List.of(args[2].split(","));
    int kills = 0;
    for (Scenario scenario : Scenarios.all()) {
      if (args[2].equals("all") || names.contains(scenario.name())) {
        Path folder = Files.createTempDirectory("kill");
        Outcome outcome =
            new KillAnywhere(folder, Long.parseLong(args[0]))
                .check(scenario, Integer.parseInt(args[1]));
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        kills += outcome.kills();
        System.out.printf(
            "%-28s %4d kills, %3d results equal%n", scenario, outcome.kills(), outcome.runs());
      }
    }
    System.out.println(kills + " kills in all");
  }

  /** Kills as often as said, over as many runs as that takes. */
  Outcome check(Scenario scenario, int kills) throws Exception {
    long begin = System.nanoTime();
    Path undisturbed = prepared(scenario, "undisturbed");
    int status = run(undisturbed, scenario.command(), MOST_SECONDS * 1000);
    if (status != 0) {
      throw new AssertionError(scenario + " ended with " + status + ": " + log(undisturbed));
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    Map<String, String> expected = results(scenario, undisturbed);
    if (expected.isEmpty()) {
      throw new AssertionError(scenario + " has no results");
    }
    int killed = 0;
    int runs = 0;
    while (killed < kills) {
      Path disturbed = prepared(scenario, "disturbed" + runs);
      killed += untilDone(scenario, disturbed, millis, kills - killed);
      Map<String, String> actual = results(scenario, disturbed);
      if (!actual.equals(expected)) {
        throw new AssertionError(
            scenario + " after kills: expected " + expected + ", found " + actual);
      }
      runs++;
      MoreFiles.deleteRecursively(disturbed, RecursiveDeleteOption.ALLOW_INSECURE);
    }
    return new Outcome(killed, runs);
  }

  private int untilDone(Scenario scenario, Path at, long millis, int most) throws Exception {
    int killed = 0;
    List<String> command = scenario.command();
    while (true) {
      long limit = killed == most ? MOST_SECONDS * 1000 : 1 + random.nextLong(millis);
      int status = run(at, command, limit);
      if (status == 0) {
        return killed;
      }
      if (status == REFUSED && command.equals(scenario.again())) {
        command = scenario.anew();
        continue;
      }
      if (status >= 0) {
        throw new AssertionError(
            scenario + " ended with " + status + " after " + killed + " kills: " + log(at));
      }
      killed++;
      command = scenario.again();
    }
  }

  private Path prepared(Scenario scenario, String name) throws IOException {
    Path at = Files.createDirectory(folder.resolve(name));
    for (Map.Entry<String, String> file : scenario.files().entrySet()) {
      Files.writeString(at.resolve(file.getKey()), file.getValue());
    }
    return at;
  }

  /** Returns the exit status, or -1 if the process was killed. */
  private static int run(Path at, List<String> arguments, long millis) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
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

  private static String log(Path at) throws IOException {
    return Files.readString(at.resolve("log"));
  }

  private static Map<String, String> results(Scenario scenario, Path at) throws IOException {
    Map<String, String> results = new TreeMap<>();
    try (Stream<Path> files = Files.walk(at)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path relative = at.relativize(file);
        // States are what a run goes on with; which of them are left depends on where it was cut.
        if (scenario.results().counts(relative) && !relative.toString().contains("states")) {
          results.put(
              relative.toString(), Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString());
        }
      }
    }
    return results;
  }
}
