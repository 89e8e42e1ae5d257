package io.adapt4j.verification.kill;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.FoldersInMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs every scenario twice on this JDK, once beside other work, and on other JDKs, and compares
 * the files. Arguments: the scenarios' names joined by commas or "all", and the folders of other
 * JDKs. Ends with status 1 if anything differs.
 */
public final class SameBits {

  private SameBits() {}

  /** Prints a line a scenario. */
  public static void main(String[] args) throws Exception {
    List<String> names = List.of(args[0].split(","));
    Map<String, Path> jdks = new LinkedHashMap<>();
    Path own = Path.of(System.getProperty("java.home"));
    jdks.put("again", own);
    for (int i = 1; i < args.length; i++) {
      jdks.put(args[i], Path.of(args[i]));
    }
    boolean same = true;
    for (Scenario scenario : Scenarios.all()) {
      if (names.contains("all") || names.contains(scenario.name())) {
        same &= same(scenario, own, jdks);
      }
    }
    System.exit(same ? 0 : 1);
  }

  private static boolean same(Scenario scenario, Path own, Map<String, Path> jdks)
      throws Exception {
    Path folder = FoldersInMemory.create("bits");
    try {
      Map<String, String> expected = results(scenario, own, folder.resolve("first"));
      List<String> different = new ArrayList<>();
      for (Map.Entry<String, Path> jdk : jdks.entrySet()) {
        Path at = folder.resolve("jdk" + jdk.getValue().getFileName() + different.size());
        if (!results(scenario, jdk.getValue(), at).equals(expected)) {
          different.add(jdk.getKey());
        }
      }
      if (!besideOtherWork(scenario, own, folder.resolve("beside")).equals(expected)) {
        different.add("beside other work");
      }
      System.out.printf(
          "%-28s %s%n",
          scenario, different.isEmpty() ? "the same to the bit" : "DIFFERENT " + different);
      return different.isEmpty();
    } finally {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private static Map<String, String> besideOtherWork(Scenario scenario, Path jdk, Path at)
      throws Exception {
    AtomicBoolean ended = new AtomicBoolean();
    List<Thread> busy = new ArrayList<>();
    for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
      Thread thread =
          new Thread(
              () -> {
                while (!ended.get()) {
                  Thread.onSpinWait();
                }
              });
      thread.start();
      busy.add(thread);
    }
    try {
      return results(scenario, jdk, at);
    } finally {
      ended.set(true);
      for (Thread thread : busy) {
        thread.join();
      }
    }
  }

  private static Map<String, String> results(Scenario scenario, Path jdk, Path at)
      throws Exception {
    Commands.prepared(scenario, at);
    int status = Commands.run(jdk, scenario, at, scenario.command(), Commands.MOST_MILLIS);
    if (status != 0) {
      throw new AssertionError(scenario + " ended with " + status + ": " + Commands.log(at));
    }
    return scenario.results().of(at);
  }
}
