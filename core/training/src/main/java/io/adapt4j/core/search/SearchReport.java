package io.adapt4j.core.search;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Results of a search.
 *
 * @param results one result per trial and rung, in completion order
 * @param objective the name of the value
 * @param best the best result among those trained furthest; empty if every trial failed
 * @param checkpoint folder of its best checkpoint
 */
public record SearchReport(
    List<TrialResult> results,
    String objective,
    Optional<TrialResult> best,
    Optional<Path> checkpoint) {

  /** Copies the list. */
  public SearchReport {
    results = List.copyOf(results);
  }

  /** Returns the best result of the highest rung: values of different rungs are not comparable. */
  static Optional<TrialResult> best(List<TrialResult> results, Objective objective) {
    List<TrialResult> sound = results.stream().filter(result -> !result.failed()).toList();
    int furthest = sound.stream().mapToInt(TrialResult::rung).max().orElse(0);
    return sound.stream().filter(trial -> trial.rung() == furthest).min(objective.ranking());
  }

  private Collection<TrialResult> latest() {
    Map<Integer, TrialResult> latest = new LinkedHashMap<>();
    results.stream()
        .sorted(Comparator.comparingInt(trial -> trial.trial().number()))
        .forEach(trial -> latest.put(trial.trial().number(), trial));
    return latest.values();
  }

  private List<String> settings() {
    return results.isEmpty() ? List.of() : List.copyOf(results.get(0).trial().settings().keySet());
  }

  private List<String> header() {
    List<String> header = new ArrayList<>(List.of("trial"));
    header.addAll(settings());
    header.addAll(List.of("rung", "steps", objective, "best step", "seconds", "failure"));
    return header;
  }

  private List<String> cells(TrialResult trial) {
    List<String> cells = new ArrayList<>();
    cells.add(String.valueOf(trial.trial().number()));
    settings().forEach(name -> cells.add(trial.trial().text(name)));
    cells.add(String.valueOf(trial.rung()));
    cells.add(String.valueOf(trial.steps()));
    cells.add(trial.failed() ? "" : String.format(Locale.ROOT, "%.6f", trial.value()));
    cells.add(trial.failed() ? "" : String.valueOf(trial.bestStep()));
    cells.add(String.format(Locale.ROOT, "%.1f", trial.seconds()));
    cells.add(trial.failure().orElse(""));
    return cells;
  }

  /**
   * Formats a table of the trials, one line per trial with its latest result.
   *
   * @return lines, each with a line end
   */
  public String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(header());
    latest().forEach(trial -> rows.add(cells(trial)));
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    best.ifPresent(
        trial ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "best: trial %d, %s %.6f at step %d, %s%n",
                    trial.trial().number(),
                    objective,
                    trial.value(),
                    trial.bestStep(),
                    trial.trial().settings())));
    checkpoint.ifPresent(folder -> text.append("checkpoint: ").append(folder).append('\n'));
    return text.toString();
  }

  /**
   * Returns every result as comma-separated values (RFC 4180), with a header.
   *
   * @return lines
   */
  public String csv() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(header());
    results.forEach(result -> rows.add(cells(result)));
    return rows.stream()
        .map(
            row -> row.stream().map(SearchReport::quoted).collect(Collectors.joining(",")) + "\r\n")
        .collect(Collectors.joining());
  }

  private static String quoted(String cell) {
    boolean plain = cell.chars().noneMatch(value -> value == ',' || value == '"' || value < ' ');
    return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }

  /**
   * Returns every result as JSON.
   *
   * @return the text of an object with {@code objective}, {@code results}, {@code best} and {@code
   *     checkpoint}
   */
  public String json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("objective", objective);
    ArrayNode all = json.putArray("results");
    results.forEach(result -> all.add(ResultJson.write(result)));
    best.ifPresent(trial -> json.set("best", ResultJson.write(trial)));
    checkpoint.ifPresent(folder -> json.put("checkpoint", folder.toString()));
    return Json.indented(json);
  }
}
