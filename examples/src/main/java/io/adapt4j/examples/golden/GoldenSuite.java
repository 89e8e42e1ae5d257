package io.adapt4j.examples.golden;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Checks golden folders of every kind this build knows. */
public final class GoldenSuite {

  /** The kinds of folders, each told by files that only it has. */
  private enum Kind {
    /** Hyper-parameters, batches and adapters of a training run. */
    LORA,
    /** A checkpoint with expected numbers. */
    MODELS,
    /** A chat template with conversations. */
    CHAT,
    /** A file of one-line templates. */
    FEATURES,
    /** Pairs, rollouts and what is learned from them. */
    PREFERENCE,
    /** Golden, but of a kind that is not checked. */
    OTHER,
    /** Not golden. */
    NONE
  }

  private GoldenSuite() {}

  /**
   * Checks folders and prints a line for every quantity, and a count at the end.
   *
   * @param folders golden folders, or folders of them
   * @param out where to print
   * @return whether nothing failed
   */
  public static boolean run(List<Path> folders, PrintStream out) {
    Report report = new Report(out);
    for (Path folder : folders) {
      for (Path one : expanded(folder)) {
        Report.Section section = report.section(label(one));
        section.attempt("folder", () -> check(one, section));
      }
    }
    report.printCounts();
    return report.failed() == 0;
  }

  private static void check(Path folder, Report.Section section) throws IOException {
    switch (kind(folder)) {
      case MODELS -> {
        try (GoldenFolder golden = GoldenFolder.open(folder)) {
          ModelCheck.run(golden, section);
        }
      }
      case LORA -> {
        try (GoldenFolder golden = GoldenFolder.open(folder)) {
          LoraCheck.run(golden, section);
        }
      }
      case PREFERENCE -> {
        section.attempt("preferences", () -> PreferenceCheck.run(folder, section));
        section.attempt("rewards", () -> ReinforcementCheck.run(folder, section));
      }
      case CHAT -> ChatCheck.run(folder, section);
      case FEATURES -> ChatCheck.runFeatures(folder, section);
      case OTHER -> throw new UnsupportedQuantityException("this kind of golden folder");
      case NONE ->
          throw new GoldenException(
              folder
                  + ": expected a golden folder (expected.json with a kind, train.json with"
                  + " expected.json, or template.jinja with cases.json), found "
                  + (Files.isDirectory(folder) ? "another folder" : "no folder")
                  + ". Check the path.");
    }
  }

  private static Kind kind(Path folder) {
    if (folder.endsWith(ChatCheck.FEATURES)) {
      return Kind.FEATURES;
    }
    if (Files.exists(folder.resolve(ChatCheck.TEMPLATE))) {
      return Kind.CHAT;
    }
    if (!Files.exists(folder.resolve(GoldenFolder.JSON))) {
      return Kind.NONE;
    }
    if (Files.exists(folder.resolve(LoraCheck.OPTIONS))) {
      return Kind.LORA;
    }
    if (Files.exists(folder.resolve(PreferenceCheck.TENSORS))) {
      return Kind.PREFERENCE;
    }
    if (GoldenFolder.json(folder, GoldenFolder.JSON).has("kind")) {
      return Kind.MODELS;
    }
    return Files.exists(folder.resolve("config.json")) ? Kind.OTHER : Kind.NONE;
  }

  /** A folder of golden folders stands for them. */
  private static List<Path> expanded(Path folder) {
    if (!Files.isDirectory(folder) || isGolden(folder)) {
      return List.of(folder);
    }
    try (Stream<Path> children = Files.list(folder)) {
      List<Path> golden = children.filter(GoldenSuite::isGolden).sorted().toList();
      return golden.isEmpty() ? List.of(folder) : golden;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isGolden(Path path) {
    return Files.exists(path.resolve(GoldenFolder.JSON))
        || Files.exists(path.resolve(ChatCheck.TEMPLATE))
        || (path.endsWith(ChatCheck.FEATURES) && Files.exists(path));
  }

  /** The last two names of the path, such as {@code models/llama}. */
  private static String label(Path folder) {
    Path path = folder.toAbsolutePath().normalize();
    int count = path.getNameCount();
    return (count < 2 ? path : path.subpath(count - 2, count)).toString();
  }
}
