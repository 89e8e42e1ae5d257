package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.util.stream.Collectors;

/** Git commit of the sources. */
final class Commit {

  private Commit() {}

  /** Returns Git's name of the commit, with {@code -dirty} if files differ. */
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
