package io.adapt4j.studio.internal.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** Data that was opened: where it lies, how it is read, and how it is fixed. */
public record Source(
    String id,
    String name,
    Path path,
    Instant added,
    String delimiter,
    String shape,
    Map<String, String> map,
    List<Fix> fixes,
    String test) {

  /**
   * A step of cleaning.
   *
   * @param of what it is done to: the name of a check, or the place of a row
   */
  public record Fix(String action, String of) {}

  public Source {
    map = new LinkedHashMap<>(map);
    fixes = List.copyOf(fixes);
  }

  static Source of(String id, JsonNode json) {
    Map<String, String> map = new LinkedHashMap<>();
    json.path("map").properties().forEach(each -> map.put(each.getKey(), each.getValue().asText()));
    return new Source(
        id,
        json.path("name").asText(),
        Path.of(json.path("path").asText()),
        Instant.parse(json.path("added").asText()),
        json.path("delimiter").asText(),
        json.path("shape").asText(),
        map,
        StreamSupport.stream(json.path("fixes").spliterator(), false)
            .map(each -> new Fix(each.path("action").asText(), each.path("of").asText()))
            .toList(),
        json.path("test").asText());
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name).put("path", path.toString()).put("added", added.toString());
    json.put("delimiter", delimiter).put("shape", shape).put("test", test);
    ObjectNode renamed = json.putObject("map");
    map.forEach(renamed::put);
    fixes.forEach(
        fix -> json.withArray("fixes").addObject().put("action", fix.action()).put("of", fix.of()));
    return json;
  }

  /** Returns a copy that is read in another way, without fixes, which were for the old rows. */
  public Source read(String newDelimiter, String newShape, Map<String, String> newMap) {
    return new Source(id, name, path, added, newDelimiter, newShape, newMap, List.of(), test);
  }

  public Source withFixes(List<Fix> newFixes) {
    return new Source(id, name, path, added, delimiter, shape, map, newFixes, test);
  }

  /**
   * Returns a copy whose test rows are those of another source, without fixes against former ones.
   */
  public Source testedOn(String other) {
    List<Fix> kept = fixes.stream().filter(fix -> !fix.of().equals("LEAKAGE")).toList();
    return new Source(id, name, path, added, delimiter, shape, map, kept, other);
  }
}
