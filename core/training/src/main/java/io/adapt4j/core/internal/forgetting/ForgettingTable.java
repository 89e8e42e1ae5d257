package io.adapt4j.core.internal.forgetting;

import io.adapt4j.core.internal.Html;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Table of {@link MeasuredRuns}, with the sentences that a plan and a report show of it. */
public final class ForgettingTable {

  private static final String RESOURCE = "measured.csv";

  private static final String SCOPE =
      "Measured on small models of children's stories that learned plays: an order of methods, not"
          + " a forecast for this model.";

  private final List<MeasuredRuns> rows;

  private ForgettingTable(List<MeasuredRuns> rows) {
    this.rows = List.copyOf(rows);
  }

  public static ForgettingTable shipped() {
    return parse(Html.resource(ForgettingTable.class, RESOURCE));
  }

  /** Parses a table; its first line names the columns. */
  static ForgettingTable parse(String text) {
    return new ForgettingTable(
        text.lines().skip(1).filter(line -> !line.isBlank()).map(MeasuredRuns::parse).toList());
  }

  public List<MeasuredRuns> of(String method) {
    return rows.stream().filter(row -> row.method().equals(method)).toList();
  }

  /** Returns the identifier of a method with remedies: {@code lora+replay}. */
  public static String identifier(String method, List<String> remedies) {
    List<String> parts = new ArrayList<>(List.of(method));
    remedies.stream().sorted().forEach(parts::add);
    return String.join("+", parts);
  }

  /** Describes what a method gains and forgets. */
  public String text(Optional<String> method, List<String> remedies, String description) {
    List<MeasuredRuns> found = method.map(name -> of(identifier(name, remedies))).orElse(List.of());
    if (found.isEmpty()) {
      String with = remedies.isEmpty() ? "" : " with " + String.join(", ", remedies);
      return "gain and forgetting: not measured for " + description + with + ".";
    }
    return "gain and forgetting: "
        + found.stream().map(MeasuredRuns::text).collect(Collectors.joining(". "))
        + ". "
        + SCOPE;
  }
}
