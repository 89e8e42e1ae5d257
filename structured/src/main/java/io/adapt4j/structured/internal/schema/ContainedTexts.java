package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import java.util.ArrayList;
import java.util.List;

/**
 * Arrays some of whose elements must conform to the schemas of {@code contains}: a rule for each
 * number of elements written, as far as it matters, and of elements still missing for each schema.
 */
final class ContainedTexts {

  private static final int MOST_RULES = 20_000;
  private static final int MOST_WANTED = 3;

  private final List<Part> parts;
  private final Values values;
  private final int min;
  private final int max;
  private final int prefix;
  private final List<Part> wanted = new ArrayList<>();
  private final List<Integer> counts = new ArrayList<>();

  ContainedTexts(List<Part> parts, Values values, int min, int max, int prefix) {
    this.parts = parts;
    this.values = values;
    this.min = min;
    this.max = max;
    this.prefix = prefix;
    for (Part part : parts) {
      int count = Children.contained(part);
      if (count > 0) {
        wanted.add(part);
        counts.add(count);
      }
    }
  }

  Node node() {
    int states = 1;
    int last = max == Node.UNBOUNDED ? Math.max(min, Math.max(prefix, 1)) : max;
    for (int count : counts) {
      states = (int) Math.min(Integer.MAX_VALUE, (long) states * (count + 1L));
    }
    long rules = ((long) states * (last + 1L)) << wanted.size();
    if (rules > MOST_RULES || wanted.size() > MOST_WANTED) {
      throw wanted
          .get(0)
          .refused(
              "contains",
              "expected few elements that must be contained in arrays of few elements. Make"
                  + " minContains, minItems and maxItems smaller.");
    }
    Rule[][] rest = new Rule[last + 1][states];
    for (Rule[] row : rest) {
      for (int state = 0; state < states; state++) {
        row[state] = new Rule("]");
      }
    }
    for (int at = 0; at <= last; at++) {
      for (int state = 0; state < states; state++) {
        rest[at][state].define(rest(rest, at, state, states - 1));
      }
    }
    return Node.sequence(Node.literal("["), rest[0][0].reference());
  }

  /** Returns the rest of an array after a number of elements. */
  private Node rest(Rule[][] rest, int at, int state, int complete) {
    List<Node> choices = new ArrayList<>();
    if (at >= min && state == complete) {
      choices.add(Node.literal("]"));
    }
    if (at < max) {
      int next = Math.min(at + 1, rest.length - 1);
      for (int set = 0; set < 1 << wanted.size(); set++) {
        int after = after(state, set);
        if (after >= 0) {
          choices.add(
              Node.sequence(
                  Node.literal(at == 0 ? "" : values.texts().comma()),
                  values.value(element(at, set)),
                  rest[next][after].reference()));
        }
      }
    }
    return Node.alternatives(choices);
  }

  private List<Part> element(int at, int set) {
    List<Part> schemas = new ArrayList<>(Children.ofElement(parts, Math.min(at, prefix)));
    for (int i = 0; i < wanted.size(); i++) {
      if ((set & 1 << i) != 0) {
        schemas.add(wanted.get(i).child("contains"));
      }
    }
    return schemas;
  }

  /** The state after an element of some schemas; -1 if one of them is not missing any more. */
  private int after(int state, int set) {
    int after = state;
    int scale = 1;
    for (int i = 0; i < wanted.size(); i++) {
      if ((set & 1 << i) != 0) {
        if (state / scale % (counts.get(i) + 1) == counts.get(i)) {
          return -1;
        }
        after += scale;
      }
      scale *= counts.get(i) + 1;
    }
    return after;
  }
}
