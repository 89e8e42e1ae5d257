package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All texts except some: a rule for each of their prefixes. */
final class OtherTexts {

  private static final Node ANY = Node.repeat(Node.ANY, 0, Node.UNBOUNDED);

  private final List<Map<Integer, Integer>> children = new ArrayList<>();
  private final BitSet complete = new BitSet();
  private final Map<Object, CodePoints> others = new HashMap<>();

  private OtherTexts() {}

  /** Returns the texts other than some, at least one. */
  static Node than(Collection<String> texts) {
    OtherTexts tree = new OtherTexts();
    tree.children.add(new TreeMap<>());
    texts.forEach(tree::add);
    return tree.node();
  }

  private void add(String text) {
    int node = 0;
    for (int character : text.codePoints().toArray()) {
      Integer child = children.get(node).get(character);
      if (child == null) {
        Budget.current().states(30);
        child = children.size();
        children.add(new TreeMap<>());
        children.get(node).put(character, child);
      }
      node = child;
    }
    complete.set(node);
  }

  /** Creates the rules of nodes, the latest first: the others continue with them. */
  private Node node() {
    Rule[] rules = new Rule[children.size()];
    Rule longer = new Rule("longer name");
    longer.define(Node.repeat(Node.ANY, 1, Node.UNBOUNDED));
    for (int i = children.size() - 1; i >= 0; i--) {
      Map<Integer, Integer> below = children.get(i);
      if (below.isEmpty()) {
        rules[i] = longer;
        continue;
      }
      List<Node> choices = new ArrayList<>();
      below.forEach(
          (character, child) ->
              choices.add(
                  Node.sequence(
                      new Node.Characters(CodePoints.of(character)), rules[child].reference())));
      CodePoints rest =
          others.computeIfAbsent(
              List.copyOf(below.keySet()),
              unknown ->
                  CodePoints.ofRanges(below.keySet().stream().map(c -> new int[] {c, c}).toList())
                      .complement());
      choices.add(Node.sequence(new Node.Characters(rest), ANY));
      if (!complete.get(i)) {
        choices.add(Node.EMPTY);
      }
      rules[i] = new Rule("other name");
      rules[i].define(Node.alternatives(choices));
    }
    return rules[0].reference();
  }
}
