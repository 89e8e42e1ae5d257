package io.adapt4j.lora.internal.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The field {@code layer_replication}: a list of ranges of layers. */
public final class LayerRanges {

  public static final String FIELD = "layer_replication";

  private LayerRanges() {}

  /** Finds the ranges in a configuration, if they are set. */
  public static Optional<LayerStack> find(JsonNode config) {
    JsonNode value = config.path(FIELD);
    return value.isMissingNode() || !PeftFolder.isSet(value)
        ? Optional.empty()
        : Optional.of(parse(value));
  }

  /** Parses a list of pairs of numbers. */
  public static LayerStack parse(JsonNode value) {
    List<int[]> ranges = new ArrayList<>();
    boolean pairs = value.isArray();
    for (JsonNode range : value) {
      pairs &= range.isArray() && range.size() == 2;
      pairs = pairs && range.get(0).canConvertToExactIntegral() && range.get(0).canConvertToInt();
      pairs = pairs && range.get(1).canConvertToExactIntegral() && range.get(1).canConvertToInt();
      if (pairs) {
        ranges.add(new int[] {range.get(0).intValue(), range.get(1).intValue()});
      }
    }
    if (!pairs) {
      throw new IllegalArgumentException(
          "expected " + LayerStack.EXPECTED + ", found " + Json.compact(value));
    }
    return of(ranges);
  }

  /** Converts pairs of numbers. */
  public static LayerStack of(List<int[]> ranges) {
    return new LayerStack(
        ranges.stream().map(range -> new LayerStack.Range(range[0], range[1])).toList());
  }

  /** Returns the ranges as a list of pairs. */
  public static ArrayNode json(LayerStack stack) {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    stack.ranges().forEach(range -> json.addArray().add(range.start()).add(range.end()));
    return json;
  }
}
