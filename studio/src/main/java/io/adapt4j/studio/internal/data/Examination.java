package io.adapt4j.studio.internal.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.Finding;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Findings of the doctor in the rows of a source after its fixes.
 *
 * @param of fingerprint of the way the rows are read and fixed
 * @param lengths number of rows in each class of lengths, which double from 1 to 16 characters on
 */
public record Examination(
    String of,
    int before,
    int rows,
    Map<Check, Long> counts,
    List<Finding> findings,
    List<Check> clean,
    Map<String, Integer> labels,
    List<Integer> lengths) {

  /** Upper limit of the first class of lengths, in characters. */
  public static final int SHORTEST = 16;

  public Examination {
    counts = new LinkedHashMap<>(counts);
    findings = List.copyOf(findings);
    clean = List.copyOf(clean);
    labels = new LinkedHashMap<>(labels);
    lengths = List.copyOf(lengths);
  }

  static List<Integer> classes(IntStream lengths) {
    int[] counts = new int[22];
    lengths.forEach(
        length -> {
          int index = 0;
          while (length > (long) SHORTEST << index && index < counts.length - 1) {
            index++;
          }
          counts[index]++;
        });
    int end = counts.length;
    while (end > 0 && counts[end - 1] == 0) {
      end--;
    }
    return IntStream.range(0, end).map(index -> counts[index]).boxed().toList();
  }

  static Examination of(JsonNode json) {
    Map<Check, Long> counts = new EnumMap<>(Check.class);
    json.path("counts")
        .properties()
        .forEach(each -> counts.put(Check.valueOf(each.getKey()), each.getValue().asLong()));
    List<Finding> findings = new ArrayList<>();
    for (JsonNode each : json.path("findings")) {
      findings.add(
          new Finding(
              Check.valueOf(each.path("check").asText()),
              each.path("row").asInt(),
              each.path("place").asText(),
              each.path("message").asText()));
    }
    List<Check> clean = new ArrayList<>();
    json.path("clean").forEach(each -> clean.add(Check.valueOf(each.asText())));
    Map<String, Integer> labels = new LinkedHashMap<>();
    json.path("labels")
        .forEach(each -> labels.put(each.path("label").asText(), each.path("rows").asInt()));
    List<Integer> lengths = new ArrayList<>();
    json.path("lengths").forEach(each -> lengths.add(each.asInt()));
    return new Examination(
        json.path("of").asText(),
        json.path("before").asInt(),
        json.path("rows").asInt(),
        counts,
        findings,
        clean,
        labels,
        lengths);
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("of", of).put("before", before).put("rows", rows);
    ObjectNode numbers = json.putObject("counts");
    counts.forEach((check, count) -> numbers.put(check.name(), count));
    for (Finding each : findings) {
      json.withArray("findings")
          .addObject()
          .put("check", each.check().name())
          .put("row", each.row())
          .put("place", each.place())
          .put("message", each.message());
    }
    clean.forEach(check -> json.withArray("clean").add(check.name()));
    labels.forEach(
        (label, count) ->
            json.withArray("labels").addObject().put("label", label).put("rows", count));
    lengths.forEach(json.putArray("lengths")::add);
    return json;
  }
}
