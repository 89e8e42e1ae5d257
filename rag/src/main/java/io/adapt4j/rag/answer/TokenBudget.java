package io.adapt4j.rag.answer;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.tokenize.TooManyTokensException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How much a generator reads at once, and how its tokens are counted.
 *
 * @param contextTokens the most tokens of prompt and answer together
 * @param counter counts the tokens of a text; called by several threads
 * @param controlTexts texts that the generator takes for the frame of a conversation, such as
 *     {@code <|im_end|>}; documents cannot use them
 */
public record TokenBudget(
    int contextTokens, ToIntFunction<String> counter, Set<String> controlTexts) {

  /** The context of a generator of which nothing is known. */
  public static final int DEFAULT_CONTEXT = 4096;

  /** Below what texts of European languages have, so that the estimate is too high. */
  private static final int BYTES_A_TOKEN = 3;

  /**
   * Makes a budget with its own copy of the texts.
   *
   * @param contextTokens the most tokens of prompt and answer together
   * @param counter counts the tokens of a text; called by several threads
   * @param controlTexts texts that the generator takes for the frame of a conversation, such as
   *     {@code <|im_end|>}; documents cannot use them
   * @throws IllegalArgumentException if the context is below 1
   */
  public TokenBudget {
    if (contextTokens < 1) {
      throw new IllegalArgumentException(
          "contextTokens must be at least 1, found " + contextTokens);
    }
    controlTexts = Set.copyOf(controlTexts);
  }

  /**
   * Takes context, tokenizer and special tokens of a model in this process.
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

  /** What is too long is not read further than that. */
  private static int count(Tokenizer tokenizer, String text, int most) {
    try {
      return tokenizer.encode(text, false, most, () -> false).length;
    } catch (TooManyTokensException e) {
      return e.leastTokens();
    }
  }

  /**
   * Estimates tokens for a generator whose tokenizer is not at hand: one for every three bytes of
   * UTF-8, which is more than most models need.
   *
   * @param contextTokens the most tokens of prompt and answer together
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
