package io.adapt4j.structured.internal.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What the rules of a grammar can stand for: which have a text at all, and which the empty one. */
public final class Analysis {

  private final Set<Rule> rules = new LinkedHashSet<>();
  private final Set<Rule> productive;
  private final Set<Rule> nullable;

  /**
   * Looks at a grammar.
   *
   * @param root where it begins
   * @throws GrammarException if a rule can begin with itself
   */
  public Analysis(Node root) {
    collect(root);
    productive = fixpoint(this::isProductive);
    nullable = fixpoint(this::isNullable);
    refuseLeftRecursion();
  }

  private void collect(Node root) {
    Deque<Node> open = new ArrayDeque<>(List.of(root));
    while (!open.isEmpty()) {
      Node node = open.pop();
      if (node instanceof Node.Reference reference && rules.add(reference.rule())) {
        open.push(reference.rule().body());
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

  private Set<Rule> fixpoint(Predicate<Node> holds) {
    Set<Rule> found = new HashSet<>();
    current = found;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Rule rule : rules) {
        if (!found.contains(rule) && holds.test(rule.body())) {
          found.add(rule);
          changed = true;
        }
      }
    }
    return found;
  }

  /** Rules for which what is asked is known to hold. */
  private Set<Rule> current = Set.of();

  /**
   * Returns whether there is a text.
   *
   * @param node part of the grammar
   * @return whether it has one
   */
  public boolean hasText(Node node) {
    current = productive;
    return isProductive(node);
  }

  /**
   * Returns whether a part may be empty.
   *
   * @param node part of the grammar
   * @return whether the empty text is one of its texts
   */
  public boolean mayBeEmpty(Node node) {
    current = nullable;
    return isNullable(node);
  }

  private boolean isProductive(Node node) {
    if (node instanceof Node.Characters characters) {
      return !characters.set().isEmpty();
    }
    if (node instanceof Node.Sequence sequence) {
      return sequence.parts().stream().allMatch(this::isProductive);
    }
    if (node instanceof Node.Alternatives alternatives) {
      return alternatives.choices().stream().anyMatch(this::isProductive);
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat.min() == 0 || isProductive(repeat.body());
    }
    return !(node instanceof Node.Reference reference) || current.contains(reference.rule());
  }

  private boolean isNullable(Node node) {
    if (node instanceof Node.Sequence sequence) {
      return sequence.parts().stream().allMatch(this::isNullable);
    }
    if (node instanceof Node.Alternatives alternatives) {
      return alternatives.choices().stream().anyMatch(this::isNullable);
    }
    if (node instanceof Node.Repeat repeat) {
      return repeat.min() == 0 || isNullable(repeat.body());
    }
    return node instanceof Node.Reference reference && current.contains(reference.rule());
  }

  private void refuseLeftRecursion() {
    current = nullable;
    Map<Rule, Set<Rule>> first = new HashMap<>();
    for (Rule rule : rules) {
      Set<Rule> begins = new LinkedHashSet<>();
      addFirst(rule.body(), begins);
      first.put(rule, begins);
    }
    Set<Rule> done = new HashSet<>();
    for (Rule rule : rules) {
      follow(rule, first, new ArrayList<>(), new HashSet<>(), done);
    }
  }

  private static void follow(
      Rule rule, Map<Rule, Set<Rule>> first, List<Rule> path, Set<Rule> onPath, Set<Rule> done) {
    if (onPath.contains(rule)) {
      throw new GrammarException(
          "rule "
              + rule.name()
              + ": expected rules that do not begin with themselves, found "
              + path.subList(path.indexOf(rule), path.size())
              + ". Write the repetition with * or +, or put the recursive part at the end.");
    }
    if (done.contains(rule)) {
      return;
    }
    path.add(rule);
    onPath.add(rule);
    for (Rule next : first.getOrDefault(rule, Set.of())) {
      follow(next, first, path, onPath, done);
    }
    path.remove(path.size() - 1);
    onPath.remove(rule);
    done.add(rule);
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
      children(node).forEach(child -> addFirst(child, to));
    }
  }
}
