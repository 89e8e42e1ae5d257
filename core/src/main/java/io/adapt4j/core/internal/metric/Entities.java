package io.adapt4j.core.internal.metric;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Entities in a sequence of tags of the kind B-PER, I-PER, O, as the package seqeval finds them by
 * default: an entity begins with B, or with I of another type than the tag before, and lasts while
 * tags of I and its type follow.
 */
public final class Entities {

  private Entities() {}

  /** One entity. */
  public record Span(String type, int from, int to) {}

  /** Returns whether labels are of this kind. */
  public static boolean areMarked(List<String> labels) {
    return labels.stream().allMatch(label -> label.equals("O") || isTyped(label))
        && labels.stream().anyMatch(Entities::isTyped);
  }

  private static boolean isTyped(String tag) {
    return tag.startsWith("B-") || tag.startsWith("I-");
  }

  /** Finds the entities of a sequence. */
  public static List<Span> of(List<String> tags) {
    List<Span> found = new ArrayList<>();
    int from = -1;
    for (int i = 0; i <= tags.size(); i++) {
      boolean goesOn =
          from >= 0 && i < tags.size() && tags.get(i).equals("I-" + tags.get(from).substring(2));
      if (!goesOn) {
        if (from >= 0) {
          found.add(new Span(tags.get(from).substring(2), from, i));
        }
        from = i < tags.size() && isTyped(tags.get(i)) ? i : -1;
      }
    }
    return List.copyOf(found);
  }

  /** Compares two taggings of one sequence: an entity is right if type and both ends are. */
  public static Counts compare(List<String> truth, List<String> predicted) {
    Set<Span> wanted = new LinkedHashSet<>(of(truth));
    Set<Span> given = new LinkedHashSet<>(of(predicted));
    long right = given.stream().filter(wanted::contains).count();
    return new Counts(right, given.size() - right, wanted.size() - right);
  }
}
