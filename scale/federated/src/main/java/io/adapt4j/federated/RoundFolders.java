package io.adapt4j.federated;

import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The rounds of a run on disk: {@code rounds/round-0003} holds the common adapter after round 3,
 * the update folded into the base, and the reports. A folder gets its name only when complete.
 */
record RoundFolders(Path output) {

  static final String ADAPTER = "adapter";
  static final String FOLD = "folded";

  private static final Pattern NAME = Pattern.compile("round-(\\d{4,9})");

  /** Fills a folder. */
  interface Content {
    void write(Path folder) throws IOException;
  }

  private Path all() {
    return output.resolve("rounds");
  }

  Path scratch() {
    return output.resolve("work");
  }

  Path of(int round) {
    return all().resolve(String.format(Locale.ROOT, "round-%04d", round));
  }

  /** Returns the existing rounds, typically the last two, newest first. */
  List<Integer> newestFirst() {
    return numbers().stream().sorted(Comparator.reverseOrder()).toList();
  }

  private List<Integer> numbers() {
    if (!Files.isDirectory(all())) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(all())) {
      return folders
          .map(folder -> NAME.matcher(folder.getFileName().toString()))
          .filter(Matcher::matches)
          .map(matcher -> Integer.valueOf(matcher.group(1)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a round, and deletes those before the previous one. */
  void publish(int round, Content content) throws IOException {
    publish(of(round), content);
    for (int number : numbers()) {
      if (number < round - 1) {
        AtomicFolders.delete(of(number));
      }
    }
  }

  static void publish(Path target, Content content) throws IOException {
    Path hidden = AtomicFolders.hidden(target);
    try {
      Disk.createFolders(hidden);
      content.write(hidden);
      AtomicFolders.publish(hidden, target);
    } finally {
      AtomicFolders.discard(hidden);
    }
  }

  /** Deletes leftovers of a killed process. */
  void sweep() throws IOException {
    Temporaries.sweep(all());
    Temporaries.sweep(output);
    Temporaries.deleteTree(scratch());
  }

  /** Deletes an earlier run. */
  void clear() throws IOException {
    Temporaries.sweep(all());
    for (int number : numbers().stream().sorted().toList()) {
      AtomicFolders.delete(of(number));
    }
    AtomicFolders.delete(output.resolve(ADAPTER));
    AtomicFolders.delete(output.resolve("model"));
    Files.deleteIfExists(output.resolve(RunState.FILE));
  }
}
