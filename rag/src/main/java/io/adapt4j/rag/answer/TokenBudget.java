package io.adapt4j.rag.answer;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.TooManyTokensException;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Context size and token counter of a generator.
 *
 * @param contextTokens maximum number of tokens of prompt and answer together
 * @param counter counts the tokens of a text; called by several threads
 * @param controlTexts texts that the generator interprets as conversation markup, such as {@code
 *     <|im_end|>}; neutralized in documents
 */
public record TokenBudget(
    int contextTokens, ToIntFunction<String> counter, Set<String> controlTexts) {

  /** Context size of an unknown generator. */
  public static final int DEFAULT_CONTEXT = 4096;

  /** Fewer than in texts of European languages, so that the estimate is too high. */
  private static final int BYTES_A_TOKEN = 3;

  /**
   * Creates a budget with its own copy of the texts. Throws {@link IllegalArgumentException} if the
   * context is below 1.
   */
  public TokenBudget {
    if (contextTokens < 1) {
      throw new IllegalArgumentException(
          "contextTokens must be at least 1, found " + contextTokens);
    }
    controlTexts = Set.copyOf(controlTexts);
  }

  /**
   * Creates a budget from the context size, tokenizer and special tokens of a local model.
   *
   * @param model the model, open as long as the budget is used
   * @return its budget
   */
  public static TokenBudget of(LanguageModel model) {
    Tokenizer tokenizer = model.tokenizer();
    Set<String> special =
        IntStream.range(0, tokenizer.vocabularySize())
            .filter(tokenizer::isSpecial)
            .mapToObj(tokenizer::token)
            .collect(Collectors.toSet());
    int context = model.contextLength();
    return new TokenBudget(context, text -> count(tokenizer, text, context), special);
  }

  /** Counts tokens up to a limit, beyond which it stops. */
  private static int count(Tokenizer tokenizer, String text, int most) {
    try {
      return tokenizer.encode(text, false, most, () -> false).length;
    } catch (TooManyTokensException e) {
      return e.leastTokens();
    }
  }

  /**
   * Creates a budget that estimates tokens, for a generator whose tokenizer is unavailable: one per
   * three bytes of UTF-8, which is more than most models need.
   *
   * @param contextTokens maximum number of tokens of prompt and answer together
   * @return the budget
   * @throws IllegalArgumentException if the context is below 1
   */
  public static TokenBudget estimated(int contextTokens) {
    return new TokenBudget(contextTokens, TokenBudget::estimate, Set.of());
  }

  private static int estimate(String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    return (bytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
  }

  /**
   * Counts the tokens of a text.
   *
   * @param text the text
   * @return their number
   */
  public int count(String text) {
    return counter.applyAsInt(text);
  }
}
