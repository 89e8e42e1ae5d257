package extensions;

import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.Task;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Asks whether a model finds a sentence likelier than the same words from the last to the first.
 */
public record OrderItem(String id, String sentence) implements Item {

  /** Makes a task of sentences: the share that is likelier in its own order. */
  public static Task task(List<String> sentences) {
    List<Item> items =
        IntStream.range(0, sentences.size())
            .mapToObj(i -> (Item) new OrderItem("sentence " + i, sentences.get(i)))
            .toList();
    return new Task("word order", items, List.of(TaskMetric.mean("in_order")), false);
  }

  @Override
  public Map<String, String> fields() {
    return Map.of("words", String.valueOf(sentence.split(" ").length));
  }

  @Override
  public List<Request> requests() {
    return List.of(
        new Request.Likelihood("", sentence), new Request.Likelihood("", turned(sentence)));
  }

  private static String turned(String sentence) {
    List<String> words = Arrays.asList(sentence.split(" "));
    Collections.reverse(words);
    return String.join(" ", words);
  }

  @Override
  public Outcome judge(List<Reply> replies) {
    double own = ((Reply.Likelihood) replies.get(0)).logProbability();
    double other = ((Reply.Likelihood) replies.get(1)).logProbability();
    return new Outcome(
        id,
        sentence,
        "likelier",
        own > other ? "likelier" : "not likelier",
        Map.of("in_order", own > other ? 1.0 : 0.0),
        OptionalDouble.empty(),
        fields());
  }
}
