package io.adapt4j.structured.internal.grammar;

import io.adapt4j.structured.internal.grammar.Node.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Texts up to the first occurrence of another (Knuth, Morris and Pratt 1977). */
public final class FreeText {

  private FreeText() {}

  /** Returns texts that do not contain another. */
  public static Node without(String trigger) {
    return build(trigger, false);
  }

  /** Returns texts that end with the first occurrence of another. */
  public static Node until(String trigger) {
    return build(trigger, true);
  }

  private static Node build(String trigger, boolean until) {
    int[] wanted = trigger.codePoints().toArray();
    List<Rule> rules = new ArrayList<>();
    for (int matched = 0; matched < wanted.length; matched++) {
      rules.add(new Rule("text before " + trigger));
    }
    for (int matched = 0; matched < wanted.length; matched++) {
      Map<Integer, CodePoints> targets = new LinkedHashMap<>();
      CodePoints others = CodePoints.ALL;
      for (int character : trigger.codePoints().distinct().toArray()) {
        CodePoints set = CodePoints.of(character);
        targets.merge(after(wanted, matched, character), set, CodePoints::or);
        others = others.minus(set);
      }
      targets.merge(0, others, CodePoints::or);
      List<Node> choices = new ArrayList<>();
      targets.forEach(
          (target, set) -> {
            if (target < wanted.length) {
              choices.add(Node.sequence(new Node.Characters(set), rules.get(target).reference()));
            } else if (until) {
              choices.add(new Node.Characters(set));
            }
          });
      if (!until) {
        choices.add(Node.EMPTY);
      }
      rules.get(matched).define(Node.alternatives(choices));
    }
    return rules.get(0).reference();
  }

  /** Returns how much of the trigger is matched after another character (the failure function). */
  private static int after(int[] wanted, int matched, int character) {
    for (int length = matched + 1; length > 0; length--) {
      if (wanted[length - 1] == character && endsWith(wanted, matched, length - 1)) {
        return length;
      }
    }
    return 0;
  }

  private static boolean endsWith(int[] wanted, int matched, int length) {
    for (int i = 0; i < length; i++) {
      if (wanted[i] != wanted[matched - length + i]) {
        return false;
      }
    }
    return true;
  }
}
