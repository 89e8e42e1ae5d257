package io.adapt4j.core.data.quality;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.Json;
import java.util.List;

/**
 * Result of cleaning: the cleaned dataset, and the rows changed and dropped. Row indices refer to
 * the dataset before cleaning.
 *
 * @param dataset a view of the remaining rows, with changes applied on reading
 * @param source the name of the original dataset
 * @param before number of rows before cleaning
 * @param after number of remaining rows
 * @param steps the effects of each step, in order
 */
public record Cleaned(Dataset dataset, String source, int before, int after, List<Step> steps) {

  /** Creates a result. */
  public Cleaned {
    steps = List.copyOf(steps);
  }

  /**
   * Effects of a cleaning step.
   *
   * @param name the name of the step
   * @param changed indices of changed rows
   * @param dropped indices of dropped rows
   */
  public record Step(String name, List<Integer> changed, List<Integer> dropped) {

    /** Creates a step. */
    public Step {
      changed = List.copyOf(changed);
      dropped = List.copyOf(dropped);
    }
  }

  /**
   * Returns a summary as text.
   *
   * @return a line for each step with its numbers of rows
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(source).append(": ").append(before).append(" rows, ").append(after);
    text.append(" left\n");
    for (Step step : steps) {
      text.append("  ").append(step.name()).append(": ");
      text.append(step.changed().size()).append(" changed, ");
      text.append(step.dropped().size()).append(" dropped\n");
    }
    return text.toString();
  }

  /**
   * Returns the result as JSON.
   *
   * @return an object with {@code dataset}, {@code before}, {@code after} and {@code steps}, each
   *     with its {@code name} and the numbers of the rows {@code changed} and {@code dropped}
   */
  public String json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("dataset", source).put("before", before).put("after", after);
    ArrayNode all = root.putArray("steps");
    for (Step step : steps) {
      ObjectNode entry = all.addObject().put("name", step.name());
      ArrayNode changed = entry.putArray("changed");
      step.changed().forEach(changed::add);
      ArrayNode dropped = entry.putArray("dropped");
      step.dropped().forEach(dropped::add);
    }
    return Json.indented(root);
  }
}
