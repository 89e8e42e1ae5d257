package io.adapt4j.eval.metric;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Splits a text that is longer than a model's context into overlapping windows, so that each token
 * is scored once with as much context as possible. Windows are those of lm-evaluation-harness
 * ({@code get_rolling_token_windows} with {@code context_len = window - stride + 1}).
 *
 * @param window maximum number of tokens that the model reads at once, at least 1
 * @param stride number of tokens scored by each window after the first one, at most the window;
 *     small strides give more context and take more time, and a stride equal to the window is the
 *     default of lm-evaluation-harness
 */
public record SlidingWindow(int window, int stride) {

  /** Checks the numbers. */
  public SlidingWindow {
    if (stride < 1 || stride > window) {
      throw new IllegalArgumentException(
          "stride is " + stride + " and window " + window + "; give 1 <= stride <= window");
    }
  }

  /**
   * Scores a text.
   *
   * @param model the model; its context must hold the window
   * @param text the text, not empty
   * @return its log-probability and length
   * @throws IllegalArgumentException if the text is empty, the model's context is shorter than the
   *     window, or the model names neither a bos nor an eos token to start with
   */
  public Sum sum(LanguageModel model, String text) {
    if (window > model.contextLength()) {
      throw new IllegalArgumentException(
          "window is " + window + ", but the model's context holds " + model.contextLength());
    }
    int[] ids = model.tokenizer().encode(text, false);
    double sum =
        model.scoreIds(spans(first(model.tokenizer()), ids)).stream()
            .mapToDouble(TokenScores::sum)
            .sum();
    return new Sum(sum, ids.length);
  }

  /**
   * A scored text.
   *
   * @param logProbability natural logarithm of its probability
   * @param tokens number of its tokens
   */
  public record Sum(double logProbability, int tokens) {}

  private static int first(Tokenizer tokenizer) {
    if (tokenizer.bosId().isEmpty() && tokenizer.eosId().isEmpty()) {
      throw new IllegalArgumentException(
          "The text's first token is scored after a bos or eos token, and the model names neither;"
              + " use spans with a token of your choice");
    }
    return tokenizer.bosId().orElseGet(() -> tokenizer.eosId().getAsInt());
  }

  /**
   * Splits tokens into windows.
   *
   * @param first token before the text
   * @param ids the text's tokens
   * @return spans to score, whose continuations together are the text
   */
  public List<TokenSpan> spans(int first, int[] ids) {
    List<TokenSpan> spans = new ArrayList<>();
    for (int from = 0; from < ids.length; ) {
      int to = Math.min(ids.length, from + (from == 0 ? window : stride));
      int[] context =
          from == 0 ? new int[] {first} : Arrays.copyOfRange(ids, to - window - 1, from);
      spans.add(new TokenSpan(context, Arrays.copyOfRange(ids, from, to)));
      from = to;
    }
    return spans;
  }
}
