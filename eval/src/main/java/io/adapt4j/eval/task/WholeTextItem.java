package io.adapt4j.eval.task;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A text whose likelihood counts.
 *
 * @param id names the item
 * @param text the text
 * @param window the most tokens the model reads at once; 0 for as many as its context holds
 * @param stride the tokens that each window after the first one scores; 0 for the whole window
 * @param fields what is known about the item
 */
public record WholeTextItem(
    String id, String text, int window, int stride, Map<String, String> fields) implements Item {

  private static final String NATS = "nats";
  private static final String TOKENS = "tokens";
  private static final String BYTES = "bytes";
  private static final String WORDS = "words";

  /** Bits a UTF-8 byte, all texts together: comparable between tokenizers. */
  public static final Figure BITS_PER_BYTE =
      Figure.corpus(
          "bits_per_byte", false, items -> sum(items, NATS) / sum(items, BYTES) / Math.log(2));

  /** Perplexity a token, all texts together. */
  public static final Figure PERPLEXITY =
      Figure.corpus("perplexity", false, items -> Math.exp(sum(items, NATS) / sum(items, TOKENS)));

  /** Perplexity a word, all texts together; words are what white space separates. */
  public static final Figure WORD_PERPLEXITY =
      Figure.corpus(
          "word_perplexity", false, items -> Math.exp(sum(items, NATS) / sum(items, WORDS)));

  /**
   * Copies the fields.
   *
   * @param id names the item
   * @param text the text
   * @param window the most tokens the model reads at once
   * @param stride the tokens that each window after the first one scores
   * @param fields what is known about the item
   * @throws IllegalArgumentException if the text is blank
   */
  public WholeTextItem {
    fields = Map.copyOf(fields);
    if (text.isBlank()) {
      throw new IllegalArgumentException("Item '" + id + "': expected a text, found a blank one");
    }
  }

  private static double sum(List<Outcome> items, String name) {
    return items.stream().mapToDouble(one -> one.figure(name)).sum();
  }

  @Override
  public List<Request> requests() {
    return List.of(new Request.WholeText(text, window, stride));
  }

  @Override
  public Outcome judge(List<Reply> replies) {
    Reply.Likelihood reply = (Reply.Likelihood) replies.get(0);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(NATS, -reply.logProbability());
    figures.put(TOKENS, (double) reply.tokens());
    figures.put(BYTES, (double) text.getBytes(StandardCharsets.UTF_8).length);
    figures.put(WORDS, (double) text.strip().split("\\s+").length);
    return new Outcome(id, text, "", "", figures, OptionalDouble.empty(), fields);
  }
}
