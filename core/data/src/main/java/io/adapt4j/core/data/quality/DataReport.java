package io.adapt4j.core.data.quality;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Report of a data check, as text ({@link #text}) or JSON ({@link #json}). Immutable. */
public final class DataReport {

  private final String dataset;
  private final int rows;
  private final Set<Check> done;
  private final Map<Check, Long> counts;
  private final List<Finding> findings;
  private final Map<String, Integer> labels;
  private final @Nullable Lengths lengths;

  private DataReport(Collector collector, @Nullable Lengths lengths, Map<String, Integer> labels) {
    this.dataset = collector.dataset;
    this.rows = collector.rows;
    this.done = Set.copyOf(collector.done);
    this.counts = Map.copyOf(collector.counts);
    this.findings = List.copyOf(collector.findings);
    this.labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    this.lengths = lengths;
  }

  /** Collector that counts all findings and keeps the first of each check. */
  static final class Collector {

    private final String dataset;
    private final int rows;
    private final int examples;
    private final Set<Check> done;
    private final Map<Check, Long> counts = new EnumMap<>(Check.class);
    private final List<Finding> findings = new ArrayList<>();

    Collector(String dataset, int rows, int examples, Set<Check> done) {
      this.dataset = dataset;
      this.rows = rows;
      this.examples = examples;
      this.done = done;
    }

    boolean wants(Check check) {
      return done.contains(check);
    }

    /** Counts a finding; its location is computed only if it is kept. */
    void add(Check check, int row, Supplier<String> place, String message) {
      add(check, row, place, () -> message);
    }

    /** Counts a finding whose message contains another row's location. */
    void add(Check check, int row, Supplier<String> place, Supplier<String> message) {
      if (counts.merge(check, 1L, Long::sum) <= examples) {
        findings.add(new Finding(check, row, place.get(), message.get()));
      }
    }

    void addMore(Check check, long more) {
      if (more > 0) {
        counts.merge(check, more, Long::sum);
      }
    }

    DataReport report(@Nullable Lengths lengths, Map<String, Integer> labels) {
      return new DataReport(this, lengths, labels);
    }
  }

  /**
   * Returns the number of checked rows.
   *
   * @return the rows of the dataset
   */
  public int rows() {
    return rows;
  }

  /** {@return the checks that were run} */
  public Set<Check> checks() {
    return done;
  }

  /**
   * Returns the number of findings of a check.
   *
   * @param check the check
   * @return the number of rows, or 1 for a finding about the whole dataset; 0 if nothing was found
   */
  public long count(Check check) {
    return counts.getOrDefault(check, 0L);
  }

  /**
   * Returns the first findings.
   *
   * @return the first findings of each check, in the order they were found
   */
  public List<Finding> findings() {
    return findings;
  }

  /**
   * Returns the first findings of a check.
   *
   * @return its first findings
   */
  public List<Finding> findings(Check check) {
    return findings.stream().filter(finding -> finding.check() == check).toList();
  }

  /** {@return the count of each label, the most frequent first; empty if rows have no labels} */
  public Map<String, Integer> labels() {
    return labels;
  }

  /** {@return the lengths of the rows; empty without an encoder} */
  Optional<Lengths> lengths() {
    return Optional.ofNullable(lengths);
  }

  /**
   * Returns whether the data has no errors.
   *
   * @return whether there is no finding of severity {@link Check.Severity#ERROR}
   */
  public boolean isSound() {
    return counts.keySet().stream().noneMatch(check -> check.severity() == Check.Severity.ERROR);
  }

  /**
   * Returns the report as lines of text.
   *
   * @return the findings of each check, the most severe first, with the first rows of each
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(dataset).append(": ").append(rows).append(" rows\n");
    if (lengths != null) {
      text.append(
          String.format(
              Locale.ROOT,
              "tokens a row: mean %.1f, median %d, 90 %% up to %d, 99 %% up to %d, longest %d;"
                  + " %d of %d rows over the limit of %d\n",
              lengths.mean(),
              lengths.median(),
              lengths.p90(),
              lengths.p99(),
              lengths.longest(),
              lengths.over(),
              lengths.rows(),
              lengths.limit()));
    }
    if (!labels.isEmpty()) {
      text.append(labels.size()).append(" labels: ").append(mostAndLeast()).append('\n');
    }
    for (Check.Severity severity :
        List.of(Check.Severity.ERROR, Check.Severity.WARNING, Check.Severity.INFO)) {
      for (Check check : Check.values()) {
        if (check.severity() == severity && count(check) > 0) {
          append(text, check);
        }
      }
    }
    List<String> clean =
        done.stream().filter(check -> count(check) == 0).sorted().map(Check::title).toList();
    if (!clean.isEmpty()) {
      text.append("Nothing found: ").append(String.join(", ", clean)).append(".\n");
    }
    return text.toString();
  }

  private String mostAndLeast() {
    List<Map.Entry<String, Integer>> all = List.copyOf(labels.entrySet());
    Map.Entry<String, Integer> most = all.get(0);
    Map.Entry<String, Integer> least = all.get(all.size() - 1);
    return String.format(
        "most '%s' (%d rows), least '%s' (%d rows)",
        most.getKey(), most.getValue(), least.getKey(), least.getValue());
  }

  private void append(StringBuilder text, Check check) {
    text.append(check.severity()).append(": ").append(check.title()).append(": ");
    text.append(count(check)).append('\n');
    List<Finding> first = findings(check);
    first.forEach(
        finding ->
            text.append("  ")
                .append(finding.place())
                .append(": ")
                .append(finding.message())
                .append('\n'));
    if (count(check) > first.size()) {
      text.append("  and ").append(count(check) - first.size()).append(" more\n");
    }
  }

  /**
   * Returns the report as JSON.
   *
   * @return an object with {@code dataset}, {@code rows}, {@code sound}, {@code lengths}, {@code
   *     labels} and {@code checks}, each with its {@code count} and first {@code findings}
   */
  public String json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("dataset", dataset).put("rows", rows).put("sound", isSound());
    if (lengths != null) {
      root.putObject("lengths")
          .put("rows", lengths.rows())
          .put("limit", lengths.limit())
          .put("over", lengths.over())
          .put("mean", lengths.mean())
          .put("median", lengths.median())
          .put("p90", lengths.p90())
          .put("p99", lengths.p99())
          .put("longest", lengths.longest());
    }
    ObjectNode counted = root.putObject("labels");
    labels.forEach(counted::put);
    ArrayNode checks = root.putArray("checks");
    for (Check check : Check.values()) {
      if (done.contains(check)) {
        ObjectNode node = checks.addObject();
        node.put("check", check.name());
        node.put("severity", check.severity().name());
        node.put("count", count(check));
        ArrayNode first = node.putArray("findings");
        findings(check)
            .forEach(
                finding ->
                    first
                        .addObject()
                        .put("row", finding.row())
                        .put("place", finding.place())
                        .put("message", finding.message()));
      }
    }
    return Json.indented(root);
  }

  /**
   * Writes the report as JSON.
   *
   * @param file the file to create or replace
   * @throws IOException if it cannot be written
   */
  public void writeJson(Path file) throws IOException {
    AtomicFiles.writeText(file, json());
  }

  /** Returns {@link #text}. */
  @Override
  public String toString() {
    return text();
  }
}
