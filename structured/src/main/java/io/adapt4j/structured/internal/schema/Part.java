package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A schema at its place in the document. Schemas that must all apply are a list of parts. Parts are
 * equal if they are the same schema of the document.
 */
final class Part implements Place {

  /** Maximum number of characters of a step and a path in messages. */
  private static final int MOST_STEP = 80;

  private static final int MOST_PATH = 400;

  private final JsonNode schema;
  private final @Nullable Part parent;

  /** The path to here from the parent. */
  private final String[] steps;

  private final String base;
  private final boolean replacing;
  private final Compilation compilation;

  /** Whether it is made from a negation: what it names is not evaluated. */
  private final boolean derived;

  private final Map<String, List<Part>> lists = new HashMap<>(2);

  private Part(
      JsonNode schema,
      @Nullable Part parent,
      String[] steps,
      String base,
      boolean replacing,
      Compilation compilation,
      boolean derived) {
    this.schema = schema;
    this.parent = parent;
    this.steps = steps;
    this.base = base;
    this.replacing = replacing;
    this.compilation = compilation;
    this.derived = derived;
  }

  /** The schema of a document. */
  static Part root(JsonNode schema, boolean replacing, Compilation compilation) {
    Part nothing =
        new Part(schema, null, new String[0], BaseUri.ROOT, replacing, compilation, false);
    String base = BaseUri.of(nothing, schema, BaseUri.ROOT, replacing);
    return new Part(schema, null, new String[0], base, replacing, compilation, false);
  }

  /** An object or a boolean. */
  JsonNode schema() {
    return schema;
  }

  /** The base URI of its references. */
  String base() {
    return base;
  }

  /** Returns whether {@code $ref} replaces its sibling keywords, as up to draft 7. */
  boolean replacing() {
    return replacing;
  }

  Compilation compilation() {
    return compilation;
  }

  @Override
  public String path() {
    List<Part> parts = new ArrayList<>();
    for (Part part = this; part != null; part = part.parent) {
      parts.add(part);
    }
    StringBuilder path = new StringBuilder("#");
    for (int i = parts.size() - 1; i >= 0; i--) {
      for (String step : parts.get(i).steps) {
        path.append('/')
            .append(Place.shortened(step, MOST_STEP).replace("~", "~0").replace("/", "~1"));
      }
    }
    return path.length() <= MOST_PATH
        ? path.toString()
        : path.substring(0, MOST_PATH / 2) + "/..." + path.substring(path.length() - MOST_PATH / 2);
  }

  Part child(JsonNode child, String... way) {
    Budget.current().step(4);
    return new Part(
        child,
        this,
        way,
        BaseUri.of(this, child, base, replacing),
        replacing,
        compilation,
        derived);
  }

  /** Returns a schema that follows from a keyword of this one, and evaluates nothing. */
  Part derived(JsonNode schema, String... way) {
    Budget.current().step(20);
    return new Part(
        schema, this, way, BaseUri.of(this, schema, base, replacing), replacing, compilation, true);
  }

  boolean isDerived() {
    return derived;
  }

  Part child(String keyword) {
    return child(schema.path(keyword), keyword);
  }

  List<Part> children(String keyword) {
    List<Part> known = lists.get(keyword);
    if (known != null) {
      return known;
    }
    JsonNode list = schema.path(keyword);
    if (!list.isArray() || list.isEmpty()) {
      throw invalid(keyword, "a list of schemas");
    }
    List<Part> children = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      children.add(child(list.get(i), keyword, String.valueOf(i)));
    }
    List<Part> all = List.copyOf(children);
    lists.put(keyword, all);
    return all;
  }

  boolean has(String keyword) {
    return schema.has(keyword);
  }

  @Override
  public JsonNode get(String keyword) {
    return schema.path(keyword);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // Equal schemas at two places may refer to others.
  public boolean equals(Object other) {
    return other instanceof Part part
        && (schema == part.schema || (!schema.isObject() && schema.equals(part.schema)));
  }

  @Override
  public int hashCode() {
    return schema.isObject() ? System.identityHashCode(schema) : schema.hashCode();
  }
}
