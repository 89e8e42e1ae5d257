package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.limit.Budget;
import io.adapt4j.structured.internal.regex.CharDfa;
import io.adapt4j.structured.internal.regex.RegexException;
import io.adapt4j.structured.internal.regex.RegexParser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** State of a schema's compilation: its budget, its patterns and its lists of values. */
final class Compilation {

  private static final int MOST_VALUES = 1_000_000;

  private final Budget budget = Budget.current();
  private final Map<String, TextPattern> patterns = new HashMap<>();
  private final IdentityHashMap<JsonNode, Listed> lists = new IdentityHashMap<>();
  private @Nullable Place part;
  private String keyword = "";

  /** Values of an {@code enum} or {@code const}, and their identities. */
  record Listed(List<Instance> values, Set<String> identities) {}

  Budget budget() {
    return budget;
  }

  /** Sets the current place, which is reported when a limit is exceeded. */
  void at(Place place, String of) {
    part = place;
    keyword = of;
  }

  /** The current place as a JSON pointer. */
  String place() {
    Place place = part;
    return place == null ? "#" : keyword.isEmpty() ? place.path() : place.path() + "/" + keyword;
  }

  /** Parses an expression that is searched for. */
  TextPattern searched(Place at, String of, String regex) {
    return pattern(at, of, "search " + regex, regex);
  }

  /** Returns the automaton of an expression that is searched for. */
  CharDfa automaton(Place at, String of, String regex) {
    try {
      return searched(at, of, regex).automaton();
    } catch (RegexException e) {
      throw at.refused(of, "expected a simpler regular expression: " + e.getMessage());
    }
  }

  /** All texts that an expression is not found in. */
  TextPattern unsearched(Place at, String of, String regex) {
    String key = "unsearched " + regex;
    TextPattern known = patterns.get(key);
    if (known == null) {
      known = new TextPattern(automaton(at, of, regex).complement());
      patterns.put(key, known);
    }
    return known;
  }

  /** All texts except some. */
  TextPattern except(Place at, String of, Set<String> texts) {
    at(at, of);
    String key = "except " + String.join("\0", new TreeSet<>(texts));
    TextPattern known = patterns.get(key);
    if (known == null) {
      try {
        known = new TextPattern(CharDfa.ofTexts(texts).complement());
      } catch (RegexException e) {
        throw at.refused(of, "expected fewer and shorter texts: " + e.getMessage());
      }
      patterns.put(key, known);
    }
    return known;
  }

  /** Parses an expression that must match a whole text. */
  TextPattern whole(Place at, String of, String regex) {
    return pattern(at, of, "whole " + regex, regex);
  }

  private TextPattern pattern(Place at, String of, String key, String regex) {
    at(at, of);
    TextPattern known = patterns.get(key);
    if (known == null) {
      budget.step(100 + regex.length());
      try {
        known =
            new TextPattern(
                key.startsWith("search") ? RegexParser.search(regex) : RegexParser.whole(regex));
      } catch (RegexException e) {
        throw at.refused(of, "expected a regular expression that is supported: " + e.getMessage());
      }
      patterns.put(key, known);
    }
    return known;
  }

  /** The distinct values that {@code const} or {@code enum} of a schema lists. */
  Listed listed(Place at, String of) {
    at(at, of);
    JsonNode value = at.get(of);
    boolean list = !of.equals("const");
    if (list && (!value.isArray() || value.size() > MOST_VALUES)) {
      throw at.invalid(of, "a list of at most " + MOST_VALUES + " values");
    }
    // Equal nodes such as true are shared constants, lists are not.
    Listed known = list ? lists.get(value) : null;
    if (known == null) {
      List<Instance> values = new ArrayList<>();
      Set<String> identities = new HashSet<>();
      for (JsonNode each : list ? value : List.of(value)) {
        Instance instance = Instance.of(at, of, each);
        if (identities.add(instance.identity())) {
          values.add(instance);
        }
      }
      known = new Listed(List.copyOf(values), identities);
      if (list) {
        lists.put(value, known);
      }
    }
    return known;
  }
}
