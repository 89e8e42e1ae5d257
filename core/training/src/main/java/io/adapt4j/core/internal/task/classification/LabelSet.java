package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/** Class names and their indices. Immutable. */
public final class LabelSet {

  /** Orders integers by value, before other names in lexicographic order. */
  private static final Comparator<String> ORDER =
      Comparator.comparing((String name) -> !isNumber(name))
          .thenComparing(name -> isNumber(name) ? Long.parseLong(name) : 0L)
          .thenComparing(Comparator.naturalOrder());

  private final List<String> names;
  private final Map<String, Integer> numbers = new HashMap<>();

  private LabelSet(List<String> names) {
    this.names = List.copyOf(names);
    for (String name : this.names) {
      if (numbers.put(name, numbers.size()) != null) {
        throw new IllegalArgumentException("labels must differ, found '" + name + "' twice");
      }
    }
  }

  /** Creates a set in a given order. */
  public static LabelSet of(List<String> names) {
    return new LabelSet(names);
  }

  public static LabelSet in(Dataset dataset) {
    SortedSet<String> found = new TreeSet<>(ORDER);
    for (int row = 0; row < dataset.size(); row++) {
      Example example = dataset.get(row);
      if (example instanceof Example.Classified classified) {
        found.addAll(classified.labels());
      } else if (example instanceof Example.Tagged tagged) {
        found.addAll(tagged.tags());
      }
    }
    return new LabelSet(List.copyOf(found));
  }

  private static boolean isNumber(String name) {
    return name.matches("\\d{1,9}");
  }

  public List<String> names() {
    return names;
  }

  /** Finds the index of a class by its name, or by the index itself. */
  public OptionalInt find(String label) {
    Integer number = numbers.get(label);
    if (number != null) {
      return OptionalInt.of(number);
    }
    boolean isIndex = isNumber(label) && Integer.parseInt(label) < names.size();
    return isIndex ? OptionalInt.of(Integer.parseInt(label)) : OptionalInt.empty();
  }
}
