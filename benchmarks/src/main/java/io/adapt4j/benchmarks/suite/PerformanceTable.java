package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;

/** The table of the figures with a label, between two markers of a Markdown file. */
final class PerformanceTable {

  static final String BEGIN = "<!-- performance:begin -->";
  static final String END = "<!-- performance:end -->";

  private PerformanceTable() {}

  /**
   * Puts the table of a run in the place of the one that is there.
   *
   * @throws IllegalArgumentException if the markers are not there once each, in their order
   * @throws IOException if the file cannot be read or written
   */
  static void write(Path file, Run run) throws IOException {
    String text = Files.readString(file);
    StoredRuns.replace(file, replace(file.toString(), text, run));
  }

  /** Checks before a long run that the table will have a place. */
  static void check(Path file) throws IOException {
    place(file.toString(), Files.readString(file));
  }

  static String replace(String name, String text, Run run) {
    int begin = place(name, text);
    return text.substring(0, begin) + "\n" + of(run) + text.substring(text.indexOf(END));
  }

  /** The position behind the first marker. */
  private static int place(String name, String text) {
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    boolean once = begin == text.lastIndexOf(BEGIN) && end == text.lastIndexOf(END);
    if (begin < 0 || end < begin || !once) {
      throw new IllegalArgumentException(
          name
              + ": expected the lines "
              + BEGIN
              + " and "
              + END
              + " once each, in this order. Put them where the table shall stand.");
    }
    return begin + BEGIN.length();
  }

  static String of(Run run) {
    StringBuilder table = new StringBuilder("| what | measured | target |\n| --- | --- | --- |\n");
    List<Figure> labelled =
        run.figures().values().stream().filter(one -> !one.label().isEmpty()).toList();
    for (Figure figure : labelled) {
      table
          .append("| ")
          .append(cell(figure.label()))
          .append(" | ")
          .append(cell(figure.text()))
          .append(" | ")
          .append(cell(figure.targetText()))
          .append(figure.reached() ? "" : ": missed")
          .append(" |\n");
    }
    return table
        .append("\nMeasured on ")
        .append(run.machine().text())
        .append("; ")
        .append(run.versions().text())
        .append(" at ")
        .append(run.commit().text())
        .append("; ")
        .append(run.date().atZone(ZoneOffset.UTC).toLocalDate())
        .append(", profile `")
        .append(run.profile().name().toLowerCase(Locale.ROOT))
        .append("`.\n")
        .toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ");
  }
}
