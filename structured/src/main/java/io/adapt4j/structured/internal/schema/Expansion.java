package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Resolves references and combinations: a schema becomes alternatives, each of which is a set of
 * schemas that must all apply and of which only the keywords about the value itself count.
 */
final class Expansion implements Expander {

  /** Maximum number of pairs of alternatives of {@code oneOf} that overlap. */
  private static final int MOST_OVERLAPS = 100;

  /** Keywords for which it matters whether {@code if} applies. */
  private static final List<String> CASES = List.of("then", "else", "unevaluatedProperties");

  private final SchemaDocument document;

  /** Maximum number of consecutive references and combinations without a value in between. */
  private static final int DEEPEST = 300;

  private final Map<Part, List<Set<Part>>> known = new HashMap<>();
  private final Set<Part> active = new HashSet<>();
  private final Negation negation = new Negation(this, this::target);

  Expansion(SchemaDocument document) {
    this.document = document;
  }

  /** Finds the target of a reference. */
  Part target(Part part) {
    Part target = document.target(part);
    return part.isDerived() && target.schema().isObject()
        ? target.derived(target.schema().deepCopy(), "$ref")
        : target;
  }

  @Override
  public List<Set<Part>> of(Collection<Part> parts) {
    List<Set<Part>> all = List.of(Set.of());
    for (Part part : parts) {
      all = Alternatives.both(part, "allOf", all, of(part));
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
      return of(target(part));
    }
    Keywords.check(part);
    List<Set<Part>> all = List.of(Set.of(part));
    if (part.has("$ref")) {
      all = Alternatives.both(part, "$ref", all, of(target(part)));
    }
    if (part.has("allOf")) {
      for (Part child : part.children("allOf")) {
        all = Alternatives.both(part, "allOf", all, of(child));
      }
    }
    if (part.has("anyOf")) {
      all = Alternatives.both(part, "anyOf", all, eitherOf(part.children("anyOf")));
    }
    if (part.has("oneOf")) {
      all = Alternatives.both(part, "oneOf", all, exactlyOne(part, part.children("oneOf")));
    }
    if (part.has("not")) {
      all = Alternatives.both(part, "not", all, negation.of(part.child("not")));
    }
    if (part.has("if") && CASES.stream().anyMatch(part::has)) {
      all = Alternatives.both(part, "if", all, cases(part));
    }
    for (String keyword : List.of("dependentRequired", "dependentSchemas", "dependencies")) {
      for (Map.Entry<String, JsonNode> field : part.get(keyword).properties()) {
        all = Alternatives.both(part, keyword, all, dependency(part, keyword, field));
      }
    }
    return part.has("unevaluatedProperties") ? Evaluated.only(part, all) : all;
  }

  private List<Set<Part>> eitherOf(List<Part> parts) {
    return Alternatives.either(parts.stream().map(this::of).toList());
  }

  private List<Set<Part>> cases(Part part) {
    Part condition = part.child("if");
    List<Set<Part>> first = of(condition);
    List<Set<Part>> second = negation.of(condition);
    if (part.has("then")) {
      first = Alternatives.both(part, "if", first, of(part.child("then")));
    }
    if (part.has("else")) {
      second = Alternatives.both(part, "if", second, of(part.child("else")));
    }
    return Alternatives.either(List.of(first, second));
  }

  /** The property is absent, or what depends on it applies. */
  private List<Set<Part>> dependency(
      Part part, String keyword, Map.Entry<String, JsonNode> dependency) {
    ObjectNode absent = JsonNodeFactory.instance.objectNode();
    absent.putObject("properties").put(dependency.getKey(), false);
    List<Set<Part>> needed;
    if (dependency.getValue().isArray() || dependency.getValue().isTextual()) {
      ObjectNode names = JsonNodeFactory.instance.objectNode();
      JsonNode list = dependency.getValue();
      names.set("required", list.isArray() ? list : names.arrayNode().add(list));
      needed = of(part.derived(names, keyword, dependency.getKey()));
    } else {
      // Properties that the schema names are evaluated by it only where it applies.
      ObjectNode present = JsonNodeFactory.instance.objectNode().put("type", "object");
      present.putArray("required").add(dependency.getKey());
      Part child = part.child(dependency.getValue(), keyword, dependency.getKey());
      needed = Alternatives.both(part, keyword, of(part.derived(present, keyword)), of(child));
    }
    return Alternatives.either(
        List.of(of(part.derived(absent, keyword, dependency.getKey())), needed));
  }

  /** The values of each alternative that are of no other. */
  private List<Set<Part>> exactlyOne(Part part, List<Part> children) {
    if (areListedOnce(children)) {
      return eitherOf(children);
    }
    Disjointness disjointness = new Disjointness(this);
    List<List<Set<Part>>> all = new ArrayList<>();
    children.forEach(child -> all.add(of(child)));
    int overlaps = 0;
    for (int i = 0; i < children.size(); i++) {
      for (int j = i + 1; j < children.size(); j++) {
        if (!disjointness.isSure(List.of(children.get(i)), List.of(children.get(j)))) {
          if (++overlaps > MOST_OVERLAPS) {
            throw overlapping(part, i, j, "more than " + MOST_OVERLAPS + " pairs do");
          }
          try {
            all.set(i, Alternatives.both(part, "oneOf", all.get(i), negation.of(children.get(j))));
            all.set(j, Alternatives.both(part, "oneOf", all.get(j), negation.of(children.get(i))));
          } catch (SchemaException e) {
            throw overlapping(part, i, j, String.valueOf(e.getMessage()));
          }
        }
      }
    }
    return Alternatives.either(all);
  }

  private static SchemaException overlapping(Part part, int first, int second, String reason) {
    return part.refused(
        "oneOf",
        "expected alternatives of which no value fulfills two, found that "
            + first
            + " and "
            + second
            + " may overlap. Use anyOf, or give each a type or a property with a const of its own. ("
            + reason
            + ")");
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
}
