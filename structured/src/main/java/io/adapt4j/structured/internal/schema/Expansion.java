package io.adapt4j.structured.internal.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Resolves references and combinations: a schema becomes alternatives, each of which is a set of
 * schemas that must all apply and of which only the keywords about the value itself count.
 */
final class Expansion implements Expander {

  private static final int MOST_COMBINATIONS = 1_000;
  private static final int MOST_ALTERNATIVES = 10_000;

  private final SchemaDocument document;

  /** Maximum number of consecutive references and combinations without a value in between. */
  private static final int DEEPEST = 300;

  private final Map<Part, List<Set<Part>>> known = new HashMap<>();
  private final Set<Part> active = new HashSet<>();

  Expansion(SchemaDocument document) {
    this.document = document;
  }

  @Override
  public List<Set<Part>> of(Collection<Part> parts) {
    List<Set<Part>> all = List.of(Set.of());
    for (Part part : parts) {
      all = both(part, "allOf", all, of(part));
    }
    return all;
  }

  private List<Set<Part>> of(Part part) {
    if (part.schema().isBoolean()) {
      return part.schema().booleanValue() ? List.of(Set.of()) : List.of();
    }
    if (!part.schema().isObject()) {
      throw new SchemaException(
          part.path(),
          "expected a schema, an object or a boolean, found " + Place.said(part.schema()));
    }
    List<Set<Part>> alternatives = known.get(part);
    if (alternatives == null) {
      if (active.size() == DEEPEST) {
        throw new SchemaException(
            part.path(),
            "expected at most "
                + DEEPEST
                + " references and combinations that follow each other, found more. Let $ref name"
                + " the last schema of the chain.");
      }
      part.compilation().at(part, "");
      if (!active.add(part)) {
        throw new SchemaException(
            part.path(), "the schema refers to itself with no value in between");
      }
      alternatives = expand(part);
      active.remove(part);
      known.put(part, alternatives);
    }
    return alternatives;
  }

  private List<Set<Part>> expand(Part part) {
    if (part.has("$ref") && part.replacing()) {
      return of(document.target(part));
    }
    Keywords.check(part);
    List<Set<Part>> all = List.of(Set.of(part));
    if (part.has("$ref")) {
      all = both(part, "$ref", all, of(document.target(part)));
    }
    if (part.has("allOf")) {
      for (Part child : part.children("allOf")) {
        all = both(part, "allOf", all, of(child));
      }
    }
    if (part.has("anyOf")) {
      all = both(part, "anyOf", all, either(part.children("anyOf")));
    }
    if (part.has("oneOf")) {
      List<Part> children = part.children("oneOf");
      requireDisjoint(part, children);
      all = both(part, "oneOf", all, either(children));
    }
    return all;
  }

  private List<Set<Part>> either(List<Part> parts) {
    Set<Set<Part>> all = new LinkedHashSet<>();
    for (Part part : parts) {
      all.addAll(of(part));
    }
    return List.copyOf(all);
  }

  private void requireDisjoint(Part part, List<Part> children) {
    if (areListedOnce(children)) {
      return;
    }
    Disjointness disjointness = new Disjointness(this);
    for (int i = 0; i < children.size(); i++) {
      for (int j = i + 1; j < children.size(); j++) {
        if (!disjointness.isSure(List.of(children.get(i)), List.of(children.get(j)))) {
          throw part.refused(
              "oneOf",
              "expected alternatives of which no value fulfills two, found that "
                  + i
                  + " and "
                  + j
                  + " may overlap. Use anyOf, or give each a type or a property with a const of"
                  + " its own.");
        }
      }
    }
  }

  /** Returns whether all alternatives list their values, without duplicates. */
  private static boolean areListedOnce(List<Part> children) {
    Set<String> identities = new HashSet<>();
    for (Part child : children) {
      if (!Instances.isListed(child)) {
        return false;
      }
      String keyword = child.has("const") ? "const" : "enum";
      for (String identity : child.compilation().listed(child, keyword).identities()) {
        if (!identities.add(identity)) {
          return false;
        }
      }
    }
    return true;
  }

  private static List<Set<Part>> both(
      Part at, String keyword, List<Set<Part>> left, List<Set<Part>> right) {
    boolean combined = left.size() > 1 && right.size() > 1;
    int most = combined ? MOST_COMBINATIONS : MOST_ALTERNATIVES;
    if ((long) left.size() * right.size() > most) {
      String message =
          "the schema has more than "
              + most
              + (combined ? " combinations of its alternatives" : " alternatives")
              + "; offer fewer with anyOf and oneOf, or list values with enum";
      throw at.has(keyword)
          ? at.refused(keyword, message)
          : new SchemaException(at.path(), message);
    }
    Set<Set<Part>> all = new LinkedHashSet<>();
    for (Set<Part> first : left) {
      for (Set<Part> second : right) {
        at.compilation().budget().step(1 + 4L * (first.size() + second.size()));
        Set<Part> joined = new LinkedHashSet<>(first);
        joined.addAll(second);
        all.add(joined);
      }
    }
    return new ArrayList<>(all);
  }
}
