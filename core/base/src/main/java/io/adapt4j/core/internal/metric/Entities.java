package io.adapt4j.core.internal.metric;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Entities in a sequence of IOB tags such as B-PER, I-PER, O, by the default rules of seqeval: an
 * entity begins with B, or with I of another type than the previous tag, and extends over the
 * following I tags of its type.
 */
public final class Entities {

  private Entities() {}

  /** An entity. */
  public record Span(String type, int from, int to) {}

  /** Returns whether labels are IOB tags. */
  public static boolean areMarked(List<String> labels) {
    return labels.stream().allMatch(label -> label.equals("O") || isTyped(label))
        && labels.stream().anyMatch(Entities::isTyped);
  }

  private static boolean isTyped(String tag) {
    return tag.startsWith("B-") || tag.startsWith("I-");
  }

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

  /** Compares two taggings of a sequence; an entity is correct if its type and both ends match. */
  public static Counts compare(List<String> truth, List<String> predicted) {
    Set<Span> wanted = new LinkedHashSet<>(of(truth));
    Set<Span> given = new LinkedHashSet<>(of(predicted));
    long right = given.stream().filter(wanted::contains).count();
    return new Counts(right, given.size() - right, wanted.size() - right);
  }
}
