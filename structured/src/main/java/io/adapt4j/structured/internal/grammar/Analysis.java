package io.adapt4j.structured.internal.grammar;

import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Analysis of a grammar: which rules match any text, and which the empty one. */
public final class Analysis {

  private final Budget budget = Budget.current();

  /** All rules, with the rules that use each. */
  private final Map<Rule, List<Rule>> users = new LinkedHashMap<>();

  private final Set<Rule> productive;
  private final Set<Rule> nullable;

  /** Rules for which the current property holds. */
  private Set<Rule> current = Set.of();

  /** Analyzes a grammar. */
  public Analysis(Node root) {
    collect(root);
    productive = fixpoint(this::isProductive);
    nullable = fixpoint(this::isNullable);
    refuseLeftRecursion();
  }

  private void collect(Node root) {
    Deque<Rule> rules = new ArrayDeque<>();
    collect(root, null, rules);
    while (!rules.isEmpty()) {
      Rule rule = rules.pop();
      collect(rule.body(), rule, rules);
    }
  }

  /** Finds the rules that a text uses directly. */
  private void collect(Node text, @Nullable Rule user, Deque<Rule> found) {
    Deque<Node> open = new ArrayDeque<>(List.of(text));
    while (!open.isEmpty()) {
      Node node = open.pop();
      budget.step(1);
      if (node instanceof Node.Reference reference) {
        Rule rule = reference.rule();
        List<Rule> by = users.get(rule);
        if (by == null) {
          by = new ArrayList<>(2);
          users.put(rule, by);
          found.push(rule);
        }
        if (user != null) {
          by.add(user);
        }
      }
      children(node).forEach(open::push);
    }
  }

  private static List<Node> children(Node node) {
    if (node instanceof Node.Sequence sequence) {
      return sequence.parts();
    }
    if (node instanceof Node.Alternatives alternatives) {
      return alternatives.choices();
    }
    return node instanceof Node.Repeat repeat ? List.of(repeat.body()) : List.of();
  }

  /** Computes the rules with a property that may depend on other rules. */
  private Set<Rule> fixpoint(Predicate<Node> holds) {
    Set<Rule> found = new HashSet<>();
    current = found;
    // The latest first: a rule usually comes before the rules that it uses.
    Deque<Rule> open = new ArrayDeque<>();
    users.keySet().forEach(open::push);
    while (!open.isEmpty()) {
      Rule rule = open.pop();
      if (!found.contains(rule) && holds.test(rule.body())) {
        found.add(rule);
        users.getOrDefault(rule, List.of()).forEach(open::push);
      }
    }
    return found;
  }

  /** Returns whether there is a text. */
  public boolean hasText(Node node) {
    current = productive;
    return isProductive(node);
  }

  /** Returns whether a part may be empty. */
  public boolean mayBeEmpty(Node node) {
    current = nullable;
    return isNullable(node);
  }

  private boolean isProductive(Node node) {
    budget.step(1);
    if (node instanceof Node.Characters characters) {
      return !characters.set().isEmpty();
    }
    if (node instanceof Node.Sequence sequence) {
      for (Node part : sequence.parts()) {
        if (!isProductive(part)) {
          return false;
        }
      }
      return true;
    }
    if (node instanceof Node.Alternatives alternatives) {
      for (Node choice : alternatives.choices()) {
        if (isProductive(choice)) {
          return true;
        }
      }
      return false;
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat.min() == 0 || isProductive(repeat.body());
    }
    return !(node instanceof Node.Reference reference) || current.contains(reference.rule());
  }

  private boolean isNullable(Node node) {
    budget.step(1);
    if (node instanceof Node.Sequence sequence) {
      for (Node part : sequence.parts()) {
        if (!isNullable(part)) {
          return false;
        }
      }
      return true;
    }
    if (node instanceof Node.Alternatives alternatives) {
      for (Node choice : alternatives.choices()) {
        if (isNullable(choice)) {
          return true;
        }
      }
      return false;
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat.min() == 0 || isNullable(repeat.body());
    }
    return node instanceof Node.Reference reference && current.contains(reference.rule());
  }

  private void refuseLeftRecursion() {
    current = nullable;
    Map<Rule, Set<Rule>> first = new HashMap<>();
    for (Rule rule : users.keySet()) {
      Set<Rule> begins = new LinkedHashSet<>();
      addFirst(rule.body(), begins);
      first.put(rule, begins);
    }
    Set<Rule> done = new HashSet<>();
    for (Rule rule : users.keySet()) {
      follow(rule, first, done);
    }
  }

  /** Follows the first symbols of rules, starting from one of them. */
  private void follow(Rule from, Map<Rule, Set<Rule>> first, Set<Rule> done) {
    if (done.contains(from)) {
      return;
    }
    Set<Rule> path = new LinkedHashSet<>(List.of(from));
    Deque<Map.Entry<Rule, Iterator<Rule>>> open = new ArrayDeque<>();
    open.push(Map.entry(from, begins(from, first)));
    while (!open.isEmpty()) {
      budget.step(1);
      if (!open.getFirst().getValue().hasNext()) {
        Rule ended = open.pop().getKey();
        path.remove(ended);
        done.add(ended);
        continue;
      }
      Rule next = open.getFirst().getValue().next();
      if (path.contains(next)) {
        throw recursive(next, path);
      }
      if (!done.contains(next)) {
        path.add(next);
        open.push(Map.entry(next, begins(next, first)));
      }
    }
  }

  private static Iterator<Rule> begins(Rule rule, Map<Rule, Set<Rule>> first) {
    return first.getOrDefault(rule, Set.of()).iterator();
  }

  private static GrammarException recursive(Rule rule, Collection<Rule> path) {
    List<Rule> all = List.copyOf(path);
    List<Rule> circle = all.subList(all.indexOf(rule), all.size());
    return new GrammarException(
        "rule "
            + rule.name()
            + ": expected rules that do not begin with themselves, found "
            + (circle.size() > 10 ? circle.subList(0, 10) + " and more" : circle)
            + ". Write the repetition with * or +, or put the recursive part at the end.");
  }

  private void addFirst(Node node, Set<Rule> to) {
    if (node instanceof Node.Reference reference) {
      to.add(reference.rule());
    } else if (node instanceof Node.Sequence sequence) {
      for (Node part : sequence.parts()) {
        addFirst(part, to);
        if (!isNullable(part)) {
          return;
        }
      }
    } else {
      for (Node child : children(node)) {
        addFirst(child, to);
      }
    }
  }
}
