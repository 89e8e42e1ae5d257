package io.adapt4j.core.generate;

import io.adapt4j.core.internal.Texts;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Sampling parameters and stop conditions.
 *
 * <p>Names, definitions and order of the filters are those of Hugging Face Transformers: repetition
 * penalty, temperature, top-k, top-p, min-p, then sampling from the remaining tokens. Logit bias is
 * applied before them; the frequency and presence penalties follow the repetition penalty.
 * Immutable and safe to share between threads.
 */
public final class GenerationOptions {
  /** Default limit on new tokens. */
  public static final int DEFAULT_MAX_NEW_TOKENS = 256;

  /** Default temperature: sample from the model's own distribution. */
  public static final double DEFAULT_TEMPERATURE = 1.0;

  /** Default seed of the random stream. */
  public static final long DEFAULT_SEED = 0;

  private static final GenerationOptions DEFAULTS = builder().build();
  private static final GenerationOptions GREEDY = builder().temperature(0).build();

  /** Never exposed, so that it does not change. */
  private final GenerationValues values;

  private GenerationOptions(GenerationValues values) {
    this.values = values;
  }

  /** {@return the defaults: sampling at temperature 1, {@value #DEFAULT_MAX_NEW_TOKENS} tokens} */
  public static GenerationOptions defaults() {
    return DEFAULTS;
  }

  /** {@return the defaults with temperature 0: always the most probable token} */
  public static GenerationOptions greedy() {
    return GREEDY;
  }

  /** {@return a new builder with the defaults} */
  public static Builder builder() {
    return new Builder(new GenerationValues());
  }

  /** {@return a new builder with the same values} */
  public Builder toBuilder() {
    return new Builder(values.copy());
  }

  /** {@return the maximum number of tokens to generate, at least 1} */
  public int maxNewTokens() {
    return values.maxNewTokens;
  }

  /** {@return the divisor of the logits; 0 means greedy} */
  public double temperature() {
    return values.temperature;
  }

  /** {@return whether the most probable token is always chosen: the temperature is 0} */
  public boolean isGreedy() {
    return values.temperature == 0;
  }

  /** {@return the number of most probable tokens to keep; 0 keeps all} */
  public int topK() {
    return values.topK;
  }

  /** {@return the probability mass of the most probable tokens to keep; 1 keeps all} */
  public double topP() {
    return values.topP;
  }

  /** {@return the minimum probability of a token, relative to the most probable one, or 0} */
  public double minP() {
    return values.minP;
  }

  /** {@return the penalty on tokens of the prompt or the generated text; 1 means none} */
  public double repetitionPenalty() {
    return values.repetitionPenalty;
  }

  /**
   * {@return the amount subtracted from a token's logit for each earlier use in the generated text}
   */
  public double frequencyPenalty() {
    return values.frequencyPenalty;
  }

  /** {@return the amount subtracted from the logit of a token that is in the generated text} */
  public double presencePenalty() {
    return values.presencePenalty;
  }

  /** {@return biases added to the logits of tokens, by id} */
  public Map<Integer, Double> logitBias() {
    return values.logitBias;
  }

  /**
   * {@return the number of alternatives in the log probabilities; empty if they are not reported}
   */
  public OptionalInt logprobs() {
    return values.logprobs;
  }

  /** {@return the seed of the random stream} */
  public long seed() {
    return values.seed;
  }

  /** {@return texts that end the generation} */
  public List<String> stopStrings() {
    return values.stopStrings;
  }

  /** {@return token ids that end the generation, besides the model's own end-of-sequence ids} */
  public Set<Integer> stopIds() {
    return values.stopIds;
  }

  /** {@return whether the model's end-of-sequence token is treated as any other token} */
  public boolean ignoreEos() {
    return values.ignoreEos;
  }

  /**
   * Returns whether a generation continues past the model's context length, as Transformers does.
   *
   * <p>Otherwise it ends there, with {@link FinishReason#CONTEXT_LENGTH}. Models with dynamic
   * rotary scaling always continue, since their frequencies adapt to the length; models with
   * learned positions always end, since they have no further positions.
   *
   * @return true to continue
   */
  public boolean ignoreContextLength() {
    return values.ignoreContextLength;
  }

  /** {@return the number of tokens guessed at once by prompt lookup; 0 disables it} */
  public int promptLookupTokens() {
    return values.promptLookupTokens;
  }

  /** {@return whether special tokens are left out of the text; otherwise they are spelled out} */
  public boolean skipSpecialTokens() {
    return values.skipSpecialTokens;
  }

  /** {@return the constraint on the answer, if there is one} */
  public Optional<OutputConstraint> constraint() {
    return values.constraint;
  }

  /** {@return the order among the requests that wait for the model} */
  public Scheduling scheduling() {
    return values.scheduling;
  }

  /** Options with equal values are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof GenerationOptions options && values.all().equals(options.values.all());
  }

  @Override
  public int hashCode() {
    return values.all().hashCode();
  }

  @Override
  public String toString() {
    return values.all().entrySet().stream()
        .map(Object::toString)
        .collect(Collectors.joining(", ", "GenerationOptions[", "]"));
  }

  /**
   * Builder of the options. A setter throws an {@link IllegalArgumentException} for a value out of
   * range.
   */
  public static final class Builder {
    private static final String OFF_AT_0 = "at least 0 (0 is off)";

    private final GenerationValues values;

    private Builder(GenerationValues values) {
      this.values = values;
    }

    /**
     * Sets the maximum number of tokens to generate.
     *
     * @param maxNewTokens at least 1
     */
    public Builder maxNewTokens(int maxNewTokens) {
      require(maxNewTokens >= 1, "maxNewTokens", "at least 1", maxNewTokens);
      values.maxNewTokens = maxNewTokens;
      return this;
    }

    /**
     * Sets the divisor of the logits: below 1 sharpens the distribution, above 1 flattens it.
     *
     * @param temperature a finite number, at least 0; 0 means greedy
     */
    public Builder temperature(double temperature) {
      require(
          temperature >= 0 && Double.isFinite(temperature),
          "temperature",
          "a finite number, at least 0 (0 is greedy)",
          temperature);
      values.temperature = temperature;
      return this;
    }

    /**
     * Keeps only the most probable tokens (Fan et al. 2018). Tokens that tie with the last one stay
     * too.
     *
     * @param topK at least 1, or 0 to keep all
     */
    public Builder topK(int topK) {
      require(topK >= 0, "topK", OFF_AT_0, topK);
      values.topK = topK;
      return this;
    }

    /**
     * Keeps the smallest set of most probable tokens that holds this probability (nucleus sampling,
     * Holtzman et al. 2020). At least one token stays.
     *
     * @param topP between 0 and 1; 1 keeps all
     */
    public Builder topP(double topP) {
      require(topP >= 0 && topP <= 1, "topP", "between 0 and 1 (1 is off)", topP);
      values.topP = topP;
      return this;
    }

    /**
     * Drops tokens less probable than this ratio of the most probable one (Nguyen et al. 2024).
     *
     * @param minP between 0 and 1; 0 drops none
     */
    public Builder minP(double minP) {
      require(minP >= 0 && minP <= 1, "minP", "between 0 and 1 (0 is off)", minP);
      values.minP = minP;
      return this;
    }

    /**
     * Divides the positive and multiplies the negative logits of tokens that already occurred in
     * prompt or output (Keskar et al. 2019). It applies to greedy decoding too.
     *
     * @param repetitionPenalty a finite number above 0; 1 is none, above 1 discourages repetition
     */
    public Builder repetitionPenalty(double repetitionPenalty) {
      require(
          repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
          "repetitionPenalty",
          "a finite number above 0 (1 is off)",
          repetitionPenalty);
      values.repetitionPenalty = repetitionPenalty;
      return this;
    }

    /**
     * Subtracts an amount from a token's logit for each time it occurs in the generated text, as
     * OpenAI defines it; the prompt does not count.
     *
     * @param frequencyPenalty a finite number; 0 is none, above 0 discourages repetition
     */
    public Builder frequencyPenalty(double frequencyPenalty) {
      requireFinite("frequencyPenalty", frequencyPenalty);
      values.frequencyPenalty = frequencyPenalty;
      return this;
    }

    /**
     * Subtracts an amount from a token's logit once it occurs in the generated text, as OpenAI
     * defines it; the prompt does not count.
     *
     * @param presencePenalty a finite number; 0 is none, above 0 encourages new words
     */
    public Builder presencePenalty(double presencePenalty) {
      requireFinite("presencePenalty", presencePenalty);
      values.presencePenalty = presencePenalty;
      return this;
    }

    /**
     * Adds biases to the logits of tokens before any other processing, as OpenAI defines it.
     *
     * @param logitBias finite numbers by token id; about -100 bans a token, 100 forces it
     */
    public Builder logitBias(Map<Integer, Double> logitBias) {
      Texts.require("logitBias", logitBias);
      Map<Integer, Double> copy = Map.copyOf(logitBias);
      require(copy.keySet().stream().allMatch(id -> id >= 0), "logitBias", "of known ids", copy);
      copy.values().forEach(bias -> requireFinite("logitBias", bias));
      values.logitBias = copy;
      return this;
    }

    /**
     * Reports the log probabilities of the generated tokens ({@link Generation#logprobs}).
     *
     * @param alternatives number of most probable tokens to report for each position, at least 0
     */
    public Builder logprobs(int alternatives) {
      require(alternatives >= 0, "logprobs", "at least 0", alternatives);
      values.logprobs = OptionalInt.of(alternatives);
      return this;
    }

    /**
     * Sets the seed. The same seed, prompts and model give the same tokens; every row of a batch
     * has its own random stream.
     *
     * @param seed any number
     */
    public Builder seed(long seed) {
      values.seed = seed;
      return this;
    }

    /**
     * Sets texts that end the generation. The result is cut before the text.
     *
     * @param stopStrings non-empty texts
     */
    public Builder stopStrings(List<String> stopStrings) {
      Texts.requireAll("stopStrings", stopStrings);
      List<String> copy = List.copyOf(stopStrings);
      require(
          copy.stream().noneMatch(String::isEmpty), "stopStrings", "non-empty texts", stopStrings);
      values.stopStrings = copy;
      return this;
    }

    /** Sets texts that end the generation. The result is cut before the text. */
    public Builder stopStrings(String... stopStrings) {
      Texts.requireAll("stopStrings", stopStrings);
      return stopStrings(List.of(stopStrings));
    }

    /**
     * Sets token ids that end the generation.
     *
     * @param stopIds ids, each at least 0
     */
    public Builder stopIds(Collection<Integer> stopIds) {
      Texts.requireAll("stopIds", stopIds);
      Set<Integer> copy = Set.copyOf(stopIds);
      require(copy.stream().allMatch(id -> id >= 0), "stopIds", "ids of at least 0", stopIds);
      values.stopIds = copy;
      return this;
    }

    /**
     * Continues after the model's end-of-sequence token.
     *
     * @param ignoreEos true to ignore it
     */
    public Builder ignoreEos(boolean ignoreEos) {
      values.ignoreEos = ignoreEos;
      return this;
    }

    /**
     * Continues past the model's context length, as Transformers does; text generated there is
     * seldom useful. {@link GenerationOptions#ignoreContextLength()} lists the models that this
     * affects.
     *
     * @param ignoreContextLength true to continue
     */
    public Builder ignoreContextLength(boolean ignoreContextLength) {
      values.ignoreContextLength = ignoreContextLength;
      return this;
    }

    /**
     * Guesses several tokens at once if the last ones occur earlier in the prompt or the text, and
     * verifies them in one pass (prompt lookup decoding, {@code prompt_lookup_num_tokens} in
     * Transformers). It is faster if an answer quotes its prompt, as summaries and answers from
     * passages do; wrong guesses pause it. The tokens are those of a generation without it, up to
     * rounding, including sampled ones. Not used for a batch of several prompts.
     *
     * @param promptLookupTokens number of tokens to guess, usually about 10; 0 disables it
     */
    public Builder promptLookupTokens(int promptLookupTokens) {
      require(promptLookupTokens >= 0, "promptLookupTokens", OFF_AT_0, promptLookupTokens);
      values.promptLookupTokens = promptLookupTokens;
      return this;
    }

    /**
     * Omits special tokens from the text (the default). Some models mark tool calls or thoughts
     * with them. The end token is never part of the text.
     *
     * @param skipSpecialTokens false to spell them out
     */
    public Builder skipSpecialTokens(boolean skipSpecialTokens) {
      values.skipSpecialTokens = skipSpecialTokens;
      return this;
    }

    /**
     * Constrains the answer, for example to JSON of a schema. Tokens that cannot lead to an allowed
     * text are not chosen, and the answer ends when it is complete. An answer that another limit
     * ends earlier, such as {@link #maxNewTokens}, is a prefix of an allowed text.
     *
     * @param constraint the constraint, which many answers can share
     */
    public Builder constraint(OutputConstraint constraint) {
      Texts.require("constraint", constraint);
      values.constraint = Optional.of(constraint);
      return this;
    }

    /**
     * Sets the order among the requests that wait for the model.
     *
     * @param scheduling priority, client and time
     */
    public Builder scheduling(Scheduling scheduling) {
      Texts.require("scheduling", scheduling);
      values.scheduling = scheduling;
      return this;
    }

    /** {@return immutable options} */
    public GenerationOptions build() {
      return new GenerationOptions(values.copy());
    }

    private static void requireFinite(String name, double value) {
      require(Double.isFinite(value), name, "a finite number", value);
    }

    private static void require(boolean valid, String name, String allowed, Object value) {
      if (!valid) {
        throw new IllegalArgumentException(
            name + " must be " + allowed + ", but is " + Objects.toString(value));
      }
    }
  }
}
