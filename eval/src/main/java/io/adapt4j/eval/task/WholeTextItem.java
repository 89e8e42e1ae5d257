package io.adapt4j.eval.task;

import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A text scored by its likelihood as a whole.
 *
 * @param window maximum number of tokens the model reads at once; 0 for its context length
 * @param stride number of tokens scored by each window after the first one; 0 for the whole window
 */
record WholeTextItem(String id, String text, int window, int stride, Map<String, String> fields)
    implements Item {

  private static final String NATS = "nats";
  private static final String TOKENS = "tokens";
  private static final String BYTES = "bytes";
  private static final String WORDS = "words";

  /** Bits per UTF-8 byte over all texts: comparable between tokenizers. */
  static final TaskMetric BITS_PER_BYTE =
      TaskMetric.corpus(
          "bits_per_byte", false, items -> sum(items, NATS) / sum(items, BYTES) / Math.log(2));

  /** Perplexity per token over all texts. */
  static final TaskMetric PERPLEXITY =
      TaskMetric.corpus(
          "perplexity", false, items -> Math.exp(sum(items, NATS) / sum(items, TOKENS)));

  /** Perplexity per word over all texts; words are separated by white space. */
  static final TaskMetric WORD_PERPLEXITY =
      TaskMetric.corpus(
          "word_perplexity", false, items -> Math.exp(sum(items, NATS) / sum(items, WORDS)));

  /** Copies the fields. */
  public WholeTextItem {
    fields = Map.copyOf(fields);
    if (text.isBlank()) {
      throw new IllegalArgumentException("Item '" + id + "': expected a text, found a blank one");
    }
  }

  private static double sum(List<Outcome> items, String name) {
    return items.stream().mapToDouble(item -> item.metric(name)).sum();
  }

  @Override
  public List<Request> requests() {
    return List.of(new Request.WholeText(text, window, stride));
  }

  @Override
  public Outcome judge(List<Reply> replies) {
    Reply.Likelihood reply = (Reply.Likelihood) replies.get(0);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(NATS, -reply.logProbability());
    metrics.put(TOKENS, (double) reply.tokens());
    metrics.put(BYTES, (double) text.getBytes(StandardCharsets.UTF_8).length);
    metrics.put(WORDS, (double) text.strip().split("\\s+").length);
    return new Outcome(id, text, "", "", metrics, OptionalDouble.empty(), fields);
  }
}
