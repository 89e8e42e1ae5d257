package io.adapt4j.core.internal.metric;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Classification counts of each class, with the derived metrics. */
public record ClassTable(List<String> labels, List<Counts> counts) {

  private static final int WIDEST = 60;

  /** Copies the lists. */
  public ClassTable {
    labels = List.copyOf(labels);
    counts = List.copyOf(counts);
  }

  public double microF1() {
    return counts.stream().reduce(Counts.NONE, Counts::plus).f1();
  }

  /** Returns the macro-averaged F1 over the classes that occur: from 0 to 1; 0 if none occurs. */
  public double macroF1() {
    OptionalDouble mean = counts.stream().filter(Counts::occurs).mapToDouble(Counts::f1).average();
    return mean.orElse(0);
  }

  /** Formats precision, recall, F1 and support of each class as a table. */
  public String text() {
    int width =
        Math.min(WIDEST, Math.max(5, labels.stream().mapToInt(String::length).max().orElse(0)));
    StringBuilder text = new StringBuilder();
    String head = "%-" + width + "s  precision  recall      f1  support%n";
    text.append(String.format(Locale.ROOT, head, "class"));
    for (int i = 0; i < labels.size(); i++) {
      Counts other = counts.get(i);
      text.append(
          String.format(
              Locale.ROOT,
              "%-" + width + "s  %9.4f  %6.4f  %6.4f  %7d%n",
              labels.get(i),
              other.precision(),
              other.recall(),
              other.f1(),
              other.support()));
    }
    return text.toString();
  }

  /** Returns the same metrics as JSON. */
  public ArrayNode json() {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < labels.size(); i++) {
      Counts other = counts.get(i);
      ObjectNode node = all.addObject();
      node.put("label", labels.get(i));
      node.put("precision", other.precision());
      node.put("recall", other.recall());
      node.put("f1", other.f1());
      node.put("support", other.support());
    }
    return all;
  }
}
