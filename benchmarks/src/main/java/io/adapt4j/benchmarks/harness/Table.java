package io.adapt4j.benchmarks.harness;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.provenance.SystemInfo;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Results of the benchmarks: as a table of the labeled measurements, and as raw numbers.
 *
 * @param results one per benchmark and setting, in order of measurement
 */
record Table(
    Instant begun,
    Profile profile,
    String commit,
    SystemInfo system,
    List<String> instructionSets,
    List<Result> results) {

  private static final Pattern ARITHMETIC =
      Pattern.compile("sse4_2|f16c|fma|bf16|i8mm|sme((\\d|_).*)?|(avx|amx|asimd|sve).*");

  Table {
    begun = begun.truncatedTo(ChronoUnit.SECONDS);
    instructionSets =
        instructionSets.stream()
            .filter(name -> ARITHMETIC.matcher(name).matches())
            .sorted()
            .toList();
    results = List.copyOf(results);
  }

  String markdown() {
    StringBuilder table = new StringBuilder("| what | measured | target |\n| --- | --- | --- |\n");
    results.stream()
        .flatMap(result -> result.figures().stream())
        .filter(figure -> !figure.label().isEmpty())
        .forEach(
            figure ->
                table
                    .append("| ")
                    .append(cell(figure.label()))
                    .append(" | ")
                    .append(cell(figure.text()))
                    .append(" | ")
                    .append(cell(figure.targetText()))
                    .append(figure.reached() ? "" : ": missed")
                    .append(" |\n"));
    return table
        .append(
            String.format(
                Locale.ROOT,
                "%nMeasured on %s%s, %d threads, %s; Java %s, libtorch %s, DJL %s, Adapt4J %s at %s;"
                    + " %s, profile `%s`.%n",
                system.processor(),
                bf16(),
                system.threads(),
                system.system(),
                system.java(),
                system.engine(),
                system.djl(),
                system.library(),
                commit,
                begun.atZone(ZoneOffset.UTC).toLocalDate(),
                name(profile)))
        .toString();
  }

  private String bf16() {
    List<String> named = instructionSets.stream().filter(name -> name.contains("bf16")).toList();
    return named.isEmpty() ? " without bf16" : " with " + String.join(" and ", named);
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ");
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  ObjectNode json() {
    ObjectNode json =
        MeasurementLog.JSON
            .createObjectNode()
            .put("date", begun.toString())
            .put("profile", name(profile))
            .put("commit", commit);
    json.set("system", system.json());
    json.set("instruction_sets", MeasurementLog.JSON.valueToTree(instructionSets));
    json.set("results", MeasurementLog.JSON.valueToTree(results));
    return json;
  }
}
