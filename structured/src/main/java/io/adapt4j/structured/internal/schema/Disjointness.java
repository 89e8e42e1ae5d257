package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Conservative check of whether two schemas have no common value. */
final class Disjointness {

  private static final int DEEPEST = 8;

  private final Expander expansion;
  private int depth;

  Disjointness(Expander expansion) {
    this.expansion = expansion;
  }

  /** Returns whether schemas certainly have no common value. */
  boolean isSure(List<Part> left, List<Part> right) {
    if (depth == DEEPEST) {
      return false;
    }
    depth++;
    try {
      for (Set<Part> first : expansion.of(left)) {
        for (Set<Part> second : expansion.of(right)) {
          if (!isSure(new ArrayList<>(first), second)) {
            return false;
          }
        }
      }
      return true;
    } finally {
      depth--;
    }
  }

  private boolean isSure(List<Part> first, Collection<Part> second) {
    Set<Part> both = new LinkedHashSet<>(first);
    both.addAll(second);
    List<Part> all = List.copyOf(both);
    all.forEach(part -> part.compilation().budget().step(20));
    Set<Kind> kinds = Kind.common(all);
    if (all.stream().anyMatch(Instances::isListed)) {
      return !new Instances(expansion).hasCandidate(all);
    }
    boolean numbers = kinds.contains(Kind.INTEGER) || kinds.contains(Kind.FRACTION);
    if (numbers && Numbers.Conditions.of(all).range().isEmpty()) {
      kinds.remove(Kind.INTEGER);
      kinds.remove(Kind.FRACTION);
    }
    if (kinds.contains(Kind.STRING) && StringTexts.isNothing(all)) {
      kinds.remove(Kind.STRING);
    }
    if (kinds.isEmpty()) {
      return true;
    }
    return kinds.equals(EnumSet.of(Kind.OBJECT)) && objectsDiffer(first, List.copyOf(second));
  }

  /**
   * Returns whether a property that both require, or one requires and the other forbids, separates
   * them.
   */
  private boolean objectsDiffer(List<Part> first, List<Part> second) {
    Set<String> required = new LinkedHashSet<>(required(first));
    required.addAll(required(second));
    for (String name : required) {
      List<Part> left = Children.ofProperty(first, name);
      List<Part> right = Children.ofProperty(second, name);
      if (isSure(left, right)) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> required(List<Part> parts) {
    Set<String> names = new LinkedHashSet<>();
    for (Part part : parts) {
      for (JsonNode name : part.get("required")) {
        names.add(name.asText());
      }
    }
    return names;
  }
}
