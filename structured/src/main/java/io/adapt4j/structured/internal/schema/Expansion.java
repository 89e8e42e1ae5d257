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
 * Follows references and combinations: a schema becomes alternatives, each of them schemas of which
 * only the keywords about the value itself count, and which must all hold.
 */
final class Expansion {

  private static final int MOST_ALTERNATIVES = 1_000;

  private final SchemaDocument document;
  private final Map<String, List<Set<Part>>> known = new HashMap<>();
  private final Set<String> active = new HashSet<>();

  Expansion(SchemaDocument document) {
    this.document = document;
  }

  /** The alternatives of schemas that must all hold. */
  List<Set<Part>> of(Collection<Part> parts) {
    List<Set<Part>> all = List.of(Set.of());
    for (Part part : parts) {
      all = both(part, all, of(part));
    }
    return all;
  }

  private List<Set<Part>> of(Part part) {
    if (part.schema().isBoolean()) {
      return part.schema().booleanValue() ? List.of(Set.of()) : List.of();
    }
    if (!part.schema().isObject()) {
      throw new SchemaException(
          part.path(), "expected a schema, an object or a boolean, found " + part.schema());
    }
    List<Set<Part>> alternatives = known.get(part.path());
    if (alternatives == null) {
      if (!active.add(part.path())) {
        throw new SchemaException(
            part.path(), "the schema refers to itself with no value in between");
      }
      alternatives = expand(part);
      active.remove(part.path());
      known.put(part.path(), alternatives);
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
      all = both(part, all, of(document.target(part)));
    }
    if (part.has("allOf")) {
      for (Part child : part.children("allOf")) {
        all = both(part, all, of(child));
      }
    }
    if (part.has("anyOf")) {
      all = both(part, all, either(part.children("anyOf")));
    }
    if (part.has("oneOf")) {
      List<Part> children = part.children("oneOf");
      requireDisjoint(part, children);
      all = both(part, all, either(children));
    }
    return all;
  }

  private List<Set<Part>> either(List<Part> parts) {
    return parts.stream().flatMap(part -> of(part).stream()).distinct().toList();
  }

  private void requireDisjoint(Part part, List<Part> children) {
    Disjointness disjointness = new Disjointness(this);
    for (int i = 0; i < children.size(); i++) {
      for (int j = i + 1; j < children.size(); j++) {
        if (!disjointness.isSure(List.of(children.get(i)), List.of(children.get(j)))) {
          throw new SchemaException(
              part.path() + "/oneOf",
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

  private static List<Set<Part>> both(Part at, List<Set<Part>> left, List<Set<Part>> right) {
    if ((long) left.size() * right.size() > MOST_ALTERNATIVES) {
      throw new SchemaException(
          at.path(),
          "the schema has more than "
              + MOST_ALTERNATIVES
              + " combinations of its alternatives; offer fewer with anyOf and oneOf");
    }
    Set<Set<Part>> all = new LinkedHashSet<>();
    for (Set<Part> first : left) {
      for (Set<Part> second : right) {
        Set<Part> joined = new LinkedHashSet<>(first);
        joined.addAll(second);
        all.add(joined);
      }
    }
    return new ArrayList<>(all);
  }
}
