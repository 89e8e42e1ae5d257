package io.adapt4j.verification.kill;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.FoldersInMemory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Kills a command at random moments and repeats it until it ends; then its files must be those of a
 * run that nothing disturbed. As a program: seed, kills for each scenario, and the scenarios' names
 * joined by commas, or "all"; {@link KilledServer} is called "serve".
 */
public final class KillAnywhere {

  private static final int REFUSED = 2;

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
    // The hub of the downloads runs still, also where this fails.
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          failure.printStackTrace();
          System.exit(1);
        });
    run(args);
    System.exit(0);
  }

  private static void run(String[] args) throws Exception {
    List<String> names = List.of(args[2].split(","));
    int kills = 0;
    for (Scenario scenario : Scenarios.all()) {
      if (args[2].equals("all") || names.contains(scenario.name())) {
        Path folder = FoldersInMemory.create("kill");
        Outcome outcome =
            new KillAnywhere(folder, Long.parseLong(args[0]))
                .check(scenario, Integer.parseInt(args[1]));
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        kills += outcome.kills();
        System.out.printf(
            "%-28s %4d kills, %3d results equal%n", scenario, outcome.kills(), outcome.runs());
      }
    }
    if (args[2].equals("all") || names.contains("serve")) {
      Path folder = FoldersInMemory.create("kill");
      int cut = new KilledServer(folder, Long.parseLong(args[0])).check(Integer.parseInt(args[1]));
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
      kills += Integer.parseInt(args[1]);
      System.out.printf("%-28s %4s kills, %3d requests cut off%n", "serve", args[1], cut);
    }
    System.out.println(kills + " kills in all");
  }

  /** Kills as often as said, over as many runs as that takes. */
  Outcome check(Scenario scenario, int kills) throws Exception {
    Path undisturbed = Commands.prepared(scenario, folder.resolve("undisturbed"));
    long begin = System.nanoTime();
    int status = Commands.run(scenario, undisturbed, scenario.command(), Commands.MOST_MILLIS);
    if (status != 0) {
      throw new AssertionError(
          scenario + " ended with " + status + ": " + Commands.log(undisturbed));
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    Map<String, String> expected = scenario.results().of(undisturbed);
    if (expected.isEmpty()) {
      throw new AssertionError(scenario + " has no results");
    }
    int killed = 0;
    int runs = 0;
    while (killed < kills) {
      Path disturbed = Commands.prepared(scenario, folder.resolve("disturbed" + runs));
      killed += untilDone(scenario, disturbed, millis, kills - killed);
      Map<String, String> actual = scenario.results().of(disturbed);
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
      long limit = killed == most ? Commands.MOST_MILLIS : 1 + random.nextLong(millis);
      int status = Commands.run(scenario, at, command, limit);
      if (status == 0) {
        return killed;
      }
      if (status == REFUSED && killed > 0 && !command.equals(scenario.anew())) {
        command = scenario.anew();
        continue;
      }
      if (status == REFUSED && killed > 0 && scenario.again().equals(scenario.anew())) {
        // Killed after the last file was in place: what is there is not written again.
        return killed;
      }
      if (status >= 0 || killed == most) {
        throw new AssertionError(
            scenario
                + " ended with "
                + status
                + " after "
                + killed
                + " kills: "
                + Commands.log(at));
      }
      killed++;
      command = scenario.again();
    }
  }
}
