package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.util.stream.Collectors;

/** The state of the sources. */
final class Commit {

  private Commit() {}

  /** What Git calls it, with {@code -dirty} where files differ from it. */
  static String text() {
    try {
      Process process =
          new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=8")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output = process.inputReader().lines().collect(Collectors.joining());
      return process.waitFor() == 0 ? output : "no commit";
    } catch (IOException e) {
      return "no commit";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "no commit";
    }
  }
}
