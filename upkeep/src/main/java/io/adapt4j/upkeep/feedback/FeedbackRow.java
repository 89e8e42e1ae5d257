package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.data.Example;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Training row made of feedback, with its origin, by which a deletion finds it.
 *
 * @param example the row: {@link Example.Chat} or {@link Example.ChatPreference}
 * @param rule the rule that made it
 * @param entries ids of the answers and the feedback that it was made of
 * @param versions versions of the models that answered
 * @param customers customers as the log stores them: who gave the feedback first, then whose
 *     answers they are
 */
public record FeedbackRow(
    Example example,
    FeedbackRule rule,
    List<String> entries,
    List<String> versions,
    List<String> customers) {

  /** Creates a row. */
  public FeedbackRow {
    entries = List.copyOf(entries);
    versions = List.copyOf(versions);
    customers = List.copyOf(customers);
  }

  /** {@return the origin as it is written into files} */
  public Map<String, Object> origin() {
    Map<String, Object> origin = new LinkedHashMap<>();
    origin.put("rule", rule.name());
    origin.put("entries", entries);
    origin.put("versions", versions);
    origin.put("customers", customers);
    return origin;
  }
}
