package io.adapt4j.benchmarks.suite;

import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** How a program in a process of its own hands its figures over: one JSON object a line. */
public final class FigureLog {

  /** The system property that names the file; without it, figures are printed only. */
  static final String PROPERTY = "adapt4j.benchmarks.figures";

  private FigureLog() {}

  /**
   * Adds figures, if they are asked for.
   *
   * @param figures in their order
   */
  public static void add(List<Figure> figures) {
    String file = System.getProperty(PROPERTY);
    if (file == null) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    figures.forEach(figure -> lines.append(FigureJson.write(figure)).append('\n'));
    try {
      Files.writeString(Path.of(file), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException("Writing the figures to " + file + " failed", e);
    }
  }

  /** Reads what a program added; nothing if it added nothing. */
  static List<Figure> read(Path file) throws IOException {
    List<Figure> figures = new ArrayList<>();
    if (Files.exists(file)) {
      Problems problems = new Problems();
      for (String line : Files.readAllLines(file)) {
        Value value = Documents.parse(file.toString(), file.getParent(), line);
        FigureJson.read(Fields.of("", value, problems)).ifPresent(figures::add);
      }
      problems.finish();
    }
    return figures;
  }
}
