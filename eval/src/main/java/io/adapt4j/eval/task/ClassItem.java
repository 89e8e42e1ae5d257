package io.adapt4j.eval.task;

import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** A text classified by a classifier's output layer. */
record ClassItem(String id, String text, String label, Map<String, String> fields) implements Item {

  /** Copies the fields. */
  public ClassItem {
    fields = Map.copyOf(fields);
  }

  @Override
  public List<Request> requests() {
    return List.of(new Request.Classification(text));
  }

  /** Compares the most likely class with the right one; of equally likely ones the first. */
  @Override
  public Outcome judge(List<Reply> replies) {
    Map<String, Double> probabilities = ((Reply.Classes) replies.get(0)).probabilities();
    if (!probabilities.containsKey(label)) {
      throw new IllegalArgumentException(
          ("Item '%s': label '%s' is none that the classifier has learned: %s; correct the"
                  + " label, or leave the row out")
              .formatted(id, label, probabilities.keySet()));
    }
    Map.Entry<String, Double> best =
        probabilities.entrySet().stream()
            .reduce((entry, other) -> other.getValue() > entry.getValue() ? other : entry)
            .orElseThrow();
    return new Outcome(
        id,
        text,
        label,
        best.getKey(),
        Map.of(ChoiceItem.ACC, best.getKey().equals(label) ? 1.0 : 0.0),
        OptionalDouble.of(Math.min(1, best.getValue())),
        fields);
  }
}
