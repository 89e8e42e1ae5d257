package io.adapt4j.core.augment;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What an augmentation came to. Row numbers are those of the dataset it was made of.
 *
 * @param dataset the name of the dataset
 * @param rows its rows
 * @param done rows that are finished; all, unless this is a report of progress
 * @param asked rows that were wanted besides the originals
 * @param produced rows that were made
 * @param incomplete rows of which fewer were made than wanted
 * @param rejected what was not used, by reason; reasons without any are left out
 * @param examples the first of what was rejected, a few a reason
 * @param calls requests that the generator answered or refused
 * @param cached requests that were answered from what was kept
 * @param promptTokens tokens that the generator read, as far as it counts them
 * @param newTokens tokens that it wrote, as far as it counts them
 */
public record AugmentationReport(
    String dataset,
    int rows,
    int done,
    int asked,
    int produced,
    List<Integer> incomplete,
    Map<Rejection, Integer> rejected,
    List<Rejected> examples,
    int calls,
    int cached,
    long promptTokens,
    long newTokens) {

  /**
   * Creates a report.
   *
   * @param dataset the name of the dataset
   * @param rows its rows
   * @param done rows that are finished
   * @param asked rows that were wanted
   * @param produced rows that were made
   * @param incomplete rows of which fewer were made than wanted, copied
   * @param rejected what was not used, by reason, copied
   * @param examples the first of what was rejected, copied
   * @param calls requests that the generator answered or refused
   * @param cached requests that were answered from what was kept
   * @param promptTokens tokens that the generator read
   * @param newTokens tokens that it wrote
   */
  public AugmentationReport {
    incomplete = List.copyOf(incomplete);
    Map<Rejection, Integer> sorted = new EnumMap<>(Rejection.class);
    sorted.putAll(rejected);
    rejected = Collections.unmodifiableMap(sorted);
    examples = List.copyOf(examples);
  }

  /**
   * Something that was rejected.
   *
   * @param row the row it was made of
   * @param reason why it is not used
   * @param original the text it was made of
   * @param text what was made; for a refused request what the generator said
   */
  public record Rejected(int row, Rejection reason, String original, String text) {}

  /** {@return the report as lines of text, a line for each reason of rejection} */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(dataset).append(": ").append(done).append(" of ").append(rows).append(" rows, ");
    text.append(produced).append(" of ").append(asked).append(" made");
    if (!incomplete.isEmpty()) {
      text.append(", too few for ").append(incomplete.size()).append(" rows");
    }
    text.append('\n');
    rejected.forEach(
        (reason, count) ->
            text.append("  ").append(reason).append(": ").append(count).append(" rejected\n"));
    text.append("  ").append(calls).append(" calls, ").append(cached).append(" kept from before, ");
    text.append(promptTokens).append(" tokens read, ");
    return text.append(newTokens).append(" written\n").toString();
  }

  /**
   * Returns the report as JSON.
   *
   * @return an object with the components of this record by name
   */
  public String json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("dataset", dataset).put("rows", rows).put("done", done);
    root.put("asked", asked).put("produced", produced);
    ArrayNode fewer = root.putArray("incomplete");
    incomplete.forEach(fewer::add);
    ObjectNode reasons = root.putObject("rejected");
    rejected.forEach((reason, count) -> reasons.put(reason.name(), count));
    ArrayNode first = root.putArray("examples");
    for (Rejected example : examples) {
      first
          .addObject()
          .put("row", example.row())
          .put("reason", example.reason().name())
          .put("original", example.original())
          .put("text", example.text());
    }
    root.put("calls", calls).put("cached", cached);
    root.put("promptTokens", promptTokens).put("newTokens", newTokens);
    return Json.indented(root);
  }
}
