package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The state of the sources.
 *
 * @param id Git's name of it; empty outside of a repository
 * @param changed whether files differ from it
 */
record Commit(String id, boolean changed) {

  private static final int SHORT = 8;

  static Commit here() {
    Optional<String> id = git("rev-parse", "HEAD").filter(text -> text.matches("[0-9a-f]{40,64}"));
    boolean changed =
        git("status", "--porcelain", "--untracked-files=no").filter(t -> !t.isEmpty()).isPresent();
    return new Commit(id.orElse(""), id.isPresent() && changed);
  }

  /** What git prints; empty if it fails or is not there. */
  private static Optional<String> git(String... words) {
    List<String> command = Stream.concat(Stream.of("git"), Stream.of(words)).toList();
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output = process.inputReader().lines().collect(Collectors.joining("\n"));
      return process.waitFor() == 0 ? Optional.of(output) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  String text() {
    if (id.isEmpty()) {
      return "no commit";
    }
    return id.substring(0, SHORT) + (changed ? " with changes" : "");
  }
}
