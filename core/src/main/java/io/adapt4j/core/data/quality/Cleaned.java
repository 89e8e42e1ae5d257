package io.adapt4j.core.data.quality;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.Json;
import java.util.List;

/**
 * A dataset after cleaning, and what cleaning changed and dropped. Row numbers are those of the
 * dataset before cleaning.
 *
 * @param dataset a view of the rows that are left, with changes made as they are read
 * @param source the name of the dataset before
 * @param before rows before cleaning
 * @param after rows that are left
 * @param steps what each step did, in order
 */
public record Cleaned(Dataset dataset, String source, int before, int after, List<Step> steps) {

  /**
   * Creates a result.
   *
   * @param dataset the rows that are left
   * @param source the name of the dataset before
   * @param before rows before cleaning
   * @param after rows that are left
   * @param steps what each step did, copied
   */
  public Cleaned {
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
   * Returns what was done as lines of text.
   *
   * @return a line for each step with the number of rows
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
   * Returns what was done as JSON.
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
