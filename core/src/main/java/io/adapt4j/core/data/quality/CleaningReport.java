package io.adapt4j.core.data.quality;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.util.List;

/**
 * What cleaning changed and dropped. Row numbers are those of the dataset before cleaning.
 *
 * @param dataset the name of the dataset
 * @param before rows before cleaning
 * @param after rows that are left
 * @param steps what each step did, in order
 */
public record CleaningReport(String dataset, int before, int after, List<Step> steps) {

  /**
   * Creates a report.
   *
   * @param dataset the name of the dataset
   * @param before rows before cleaning
   * @param after rows that are left
   * @param steps what each step did, copied
   */
  public CleaningReport {
    steps = List.copyOf(steps);
  }

  /**
   * What a step did.
   *
   * @param name what it is called
   * @param changed rows it changed
   * @param dropped rows it dropped
   */
  public record Step(String name, List<Integer> changed, List<Integer> dropped) {

    /**
     * Creates a step.
     *
     * @param name what it is called
     * @param changed rows it changed, copied
     * @param dropped rows it dropped, copied
     */
    public Step {
      changed = List.copyOf(changed);
      dropped = List.copyOf(dropped);
    }
  }

  /**
   * Returns the report as lines of text.
   *
   * @return a line for each step with the number of rows
   */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(dataset).append(": ").append(before).append(" rows, ").append(after);
    text.append(" left\n");
    for (Step step : steps) {
      text.append("  ").append(step.name()).append(": ");
      text.append(step.changed().size()).append(" changed, ");
      text.append(step.dropped().size()).append(" dropped\n");
    }
    return text.toString();
  }

  /**
   * Returns the report as JSON.
   *
   * @return an object with {@code dataset}, {@code before}, {@code after} and {@code steps}, each
   *     with its {@code name} and the numbers of the rows {@code changed} and {@code dropped}
   */
  public String json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("dataset", dataset).put("before", before).put("after", after);
    ArrayNode all = root.putArray("steps");
    for (Step step : steps) {
      ObjectNode one = all.addObject().put("name", step.name());
      ArrayNode changed = one.putArray("changed");
      step.changed().forEach(changed::add);
      ArrayNode dropped = one.putArray("dropped");
      step.dropped().forEach(dropped::add);
    }
    return Json.indented(root);
  }
}
