package io.adapt4j.eval.judge;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.judge.PairQuestion;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** A pair that a judge sees twice, in both orders. */
record PairItem(AnswerPair pair, PairQuestion question, GenerationOptions options) implements Item {

  /** The judge's preference in each order: see {@link #code}. Absent if unclear. */
  static final String IN_ORDER = "in_order";

  static final String SWAPPED = "swapped";

  /** Whether a verdict cannot be read. */
  static final String MALFORMED = "malformed";

  private static final String REPLIES = "\n\n=== in the other order ===\n\n";

  @Override
  public String id() {
    return pair.id();
  }

  @Override
  public Map<String, String> fields() {
    return Map.of();
  }

  @Override
  public List<Request> requests() {
    return List.of(request(pair.first(), pair.second()), request(pair.second(), pair.first()));
  }

  private Request request(String shownFirst, String shownSecond) {
    String prompt = question.ask(pair.question(), shownFirst, shownSecond);
    return new Request.Answer(prompt, options);
  }

  @Override
  public Outcome judge(List<Reply> replies) {
    String inOrder = ((Reply.Text) replies.get(0)).text();
    String swapped = ((Reply.Text) replies.get(1)).text();
    Optional<PairQuestion.Choice> found = PairQuestion.read(inOrder);
    Optional<PairQuestion.Choice> other = PairQuestion.read(swapped);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(MALFORMED, found.isPresent() && other.isPresent() ? 0.0 : 1.0);
    found.ifPresent(shown -> metrics.put(IN_ORDER, code(shown)));
    other.ifPresent(shown -> metrics.put(SWAPPED, -code(shown)));
    return new Outcome(
        pair.id(),
        pair.question(),
        "",
        inOrder + REPLIES + swapped,
        metrics,
        OptionalDouble.empty(),
        Map.of());
  }

  /** 1 if the answer shown first is better, -1 if the second is, 0 for a tie. */
  private static double code(PairQuestion.Choice shown) {
    return switch (shown) {
      case FIRST -> 1;
      case SECOND -> -1;
      case NEITHER -> 0;
    };
  }

  /** The judge's reply in one order. */
  static String words(Outcome outcome, boolean swapped) {
    int cut = outcome.got().indexOf(REPLIES);
    return swapped
        ? outcome.got().substring(cut + REPLIES.length())
        : outcome.got().substring(0, cut);
  }
}
