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
 * Result statistics of an augmentation. Row indices refer to the original dataset.
 *
 * @param dataset the name of the dataset
 * @param rows its number of rows
 * @param done number of finished rows; all, unless this is a progress report
 * @param asked number of requested rows besides the originals
 * @param produced number of generated rows
 * @param incomplete rows for which fewer were generated than requested
 * @param rejected number of rejected results by reason; reasons without any are omitted
 * @param examples the first few rejected results for each reason
 * @param calls number of requests that the generator answered or refused
 * @param cached number of requests answered from the cache
 * @param promptTokens prompt tokens, if the generator counts them
 * @param newTokens generated tokens, if the generator counts them
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

  /** Creates a report. */
  public AugmentationReport {
    incomplete = List.copyOf(incomplete);
    Map<Rejection, Integer> sorted = new EnumMap<>(Rejection.class);
    sorted.putAll(rejected);
    rejected = Collections.unmodifiableMap(sorted);
    examples = List.copyOf(examples);
  }

  /**
   * A rejected result.
   *
   * @param row the index of its row
   * @param reason the reason of the rejection
   * @param original the original text
   * @param text the rejected text; for a refused request the generator's message
   */
  public record Rejected(int row, Rejection reason, String original, String text) {}

  /** {@return the report as text, with a line for each reason of rejection} */
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
