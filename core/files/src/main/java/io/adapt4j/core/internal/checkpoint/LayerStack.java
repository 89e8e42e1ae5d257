package io.adapt4j.core.internal.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A new order of a model's layers, given by ranges of the stored ones, which may overlap: PEFT's
 * {@code layer_replication}.
 */
public record LayerStack(List<Range> ranges) {

  /** Form of a valid range, for messages. */
  public static final String EXPECTED = "ranges [start, end) of layer numbers, 0 <= start < end";

  private static final Pattern LAYER = Pattern.compile("((?:^|.*?\\.)layers?\\.)(\\d{1,9})(\\..*)");

  /** Consecutive layers, the end excluded. */
  public record Range(int start, int end) {

    /** Rejects ranges without a layer. */
    public Range {
      if (start < 0 || start >= end) {
        throw new IllegalArgumentException(
            "expected %s, found [%s, %s]".formatted(EXPECTED, start, end));
      }
    }

    @Override
    public String toString() {
      return "[" + start + ", " + end + "]";
    }
  }

  /** Rejects stacks without a layer. */
  public LayerStack {
    ranges = List.copyOf(ranges);
    if (ranges.isEmpty()) {
      throw new IllegalArgumentException("expected " + EXPECTED + ", found none");
    }
  }

  /** Returns the number of the stored layer at each place. */
  public List<Integer> layers() {
    return ranges.stream()
        .flatMapToInt(range -> IntStream.range(range.start(), range.end()))
        .boxed()
        .toList();
  }

  /** Returns the number of layers in the new order. */
  public int size() {
    return ranges.stream().mapToInt(range -> range.end() - range.start()).sum();
  }

  /** Returns the end of the last stored layers that are used. */
  public int end() {
    return ranges.stream().mapToInt(Range::end).max().orElseThrow();
  }

  /** Returns the stored tensor of each name in the new order; those of unused layers have none. */
  Map<String, String> names(Set<String> stored) {
    Map<Integer, List<Integer>> places = new LinkedHashMap<>();
    List<Integer> layers = layers();
    for (int i = 0; i < layers.size(); i++) {
      places.computeIfAbsent(layers.get(i), layer -> new ArrayList<>()).add(i);
    }
    Map<String, String> names = new LinkedHashMap<>();
    for (String name : stored) {
      Matcher layer = LAYER.matcher(name);
      if (layer.matches()) {
        places
            .getOrDefault(Integer.valueOf(layer.group(2)), List.of())
            .forEach(place -> names.put(layer.group(1) + place + layer.group(3), name));
      } else {
        names.put(name, name);
      }
    }
    return names;
  }

  /** Returns the ranges as in a configuration: {@code [[0, 4], [2, 5]]}. */
  @Override
  public String toString() {
    return ranges.toString();
  }
}
