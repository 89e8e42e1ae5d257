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
 * How to choose tokens and when to stop.
 *
 * <p>Names, definitions and order of the filters are those of Hugging Face Transformers: repetition
 * penalty, temperature, top-k, top-p, min-p, then sampling from what is left. Logit bias comes
 * before them, the penalties on frequency and presence follow that on repetition. Immutable and
 * safe to share between threads.
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

  /** Not handed out, so that it does not change. */
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

  /** {@return the most tokens to generate, at least 1} */
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

  /** {@return how many of the most probable tokens stay; 0 means all} */
  public int topK() {
    return values.topK;
  }

  /** {@return the probability mass of the most probable tokens that stay; 1 means all} */
  public double topP() {
    return values.topP;
  }

  /** {@return the least probability of a token, relative to the most probable one's, or 0} */
  public double minP() {
    return values.minP;
  }

  /** {@return the penalty on tokens of the prompt or the generated text; 1 means none} */
  public double repetitionPenalty() {
    return values.repetitionPenalty;
  }

  /** {@return what each earlier use of a token in the generated text takes off its logit} */
  public double frequencyPenalty() {
    return values.frequencyPenalty;
  }

  /** {@return what a token that is in the generated text has taken off its logit} */
  public double presencePenalty() {
    return values.presencePenalty;
  }

  /** {@return what is added to the logits of tokens, by id} */
  public Map<Integer, Double> logitBias() {
    return values.logitBias;
  }

  /** {@return how many alternatives log probabilities are told of; empty where none are told} */
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
   * <p>Without this it ends there, with {@link FinishReason#CONTEXT_LENGTH}. Models with dynamic
   * rotary scaling go on either way, since their frequencies follow the length; models with learned
   * positions end either way, since they have no further positions.
   *
   * @return true to go on
   */
  public boolean ignoreContextLength() {
    return values.ignoreContextLength;
  }

  /** {@return how many tokens are guessed at once from what the text repeats; 0 means none} */
  public int promptLookupTokens() {
    return values.promptLookupTokens;
  }

  /** {@return whether special tokens are left out of the text; otherwise they are spelled out} */
  public boolean skipSpecialTokens() {
    return values.skipSpecialTokens;
  }

  /** {@return what the answer may be, if that is restricted} */
  public Optional<OutputConstraint> constraint() {
    return values.constraint;
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
   * Collects the options. A setter with a value out of its range throws an {@link
   * IllegalArgumentException} at once.
   */
  public static final class Builder {
    private static final String OFF_AT_0 = "at least 0 (0 is off)";

    private final GenerationValues values;

    private Builder(GenerationValues values) {
      this.values = values;
    }

    /**
     * Sets the most tokens to generate.
     *
     * @param maxNewTokens at least 1
     * @return this builder
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
     * @return this builder
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
     * @return this builder
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
     * @return this builder
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
     * @return this builder
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
     * @return this builder
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
     * Takes an amount off a token's logit for each time the generated text has it, as OpenAI
     * defines it; the prompt does not count.
     *
     * @param frequencyPenalty a finite number; 0 is none, above 0 discourages repetition
     * @return this builder
     */
    public Builder frequencyPenalty(double frequencyPenalty) {
      requireFinite("frequencyPenalty", frequencyPenalty);
      values.frequencyPenalty = frequencyPenalty;
      return this;
    }

    /**
     * Takes an amount off a token's logit once the generated text has it, as OpenAI defines it; the
     * prompt does not count.
     *
     * @param presencePenalty a finite number; 0 is none, above 0 encourages new words
     * @return this builder
     */
    public Builder presencePenalty(double presencePenalty) {
      requireFinite("presencePenalty", presencePenalty);
      values.presencePenalty = presencePenalty;
      return this;
    }

    /**
     * Adds to the logits of tokens before anything else is done to them, as OpenAI defines it.
     *
     * @param logitBias finite numbers by token id; about -100 bans a token, 100 has it chosen
     * @return this builder
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
     * Has the log probabilities of the generated tokens told ({@link Generation#logprobs}).
     *
     * @param alternatives how many of the most probable tokens to tell in each place, at least 0
     * @return this builder
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
     * @return this builder
     */
    public Builder seed(long seed) {
      values.seed = seed;
      return this;
    }

    /**
     * Sets texts that end the generation. The result is cut before the text.
     *
     * @param stopStrings non-empty texts
     * @return this builder
     */
    public Builder stopStrings(List<String> stopStrings) {
      Texts.requireAll("stopStrings", stopStrings);
      List<String> copy = List.copyOf(stopStrings);
      require(
          copy.stream().noneMatch(String::isEmpty), "stopStrings", "non-empty texts", stopStrings);
      values.stopStrings = copy;
      return this;
    }

    /**
     * Sets texts that end the generation. The result is cut before the text.
     *
     * @param stopStrings non-empty texts
     * @return this builder
     */
    public Builder stopStrings(String... stopStrings) {
      Texts.requireAll("stopStrings", stopStrings);
      return stopStrings(List.of(stopStrings));
    }

    /**
     * Sets token ids that end the generation.
     *
     * @param stopIds ids, each at least 0
     * @return this builder
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
     * @return this builder
     */
    public Builder ignoreEos(boolean ignoreEos) {
      values.ignoreEos = ignoreEos;
      return this;
    }

    /**
     * Continues past the model's context length, as Transformers does; what a model writes there is
     * seldom of use. {@link GenerationOptions#ignoreContextLength()} says which models heed it.
     *
     * @param ignoreContextLength true to go on
     * @return this builder
     */
    public Builder ignoreContextLength(boolean ignoreContextLength) {
      values.ignoreContextLength = ignoreContextLength;
      return this;
    }

    /**
     * Guesses several tokens at once where the last ones stand in the prompt or the text already,
     * and checks them in one pass (prompt lookup, {@code prompt_lookup_num_tokens} in
     * Transformers). It is faster where an answer quotes its prompt, as summaries and answers from
     * passages do, and slower where it does not. The tokens are those of a generation without it,
     * up to rounding, sampled ones too. A batch of several prompts is generated without it.
     *
     * @param promptLookupTokens how many to guess, usually about 10; 0 for none
     * @return this builder
     */
    public Builder promptLookupTokens(int promptLookupTokens) {
      require(promptLookupTokens >= 0, "promptLookupTokens", OFF_AT_0, promptLookupTokens);
      values.promptLookupTokens = promptLookupTokens;
      return this;
    }

    /**
     * Leaves special tokens out of the text, as by default. Some models set off tool calls or
     * thoughts with them. What ends a generation is never text.
     *
     * @param skipSpecialTokens false to spell them out
     * @return this builder
     */
    public Builder skipSpecialTokens(boolean skipSpecialTokens) {
      values.skipSpecialTokens = skipSpecialTokens;
      return this;
    }

    /**
     * Restricts what an answer may be, for example to JSON of a schema. Tokens that cannot lead to
     * such a text are not chosen, and the answer ends where it is complete. An answer that another
     * limit ends before, such as {@link #maxNewTokens}, is the beginning of such a text.
     *
     * @param constraint the constraint, which many answers can share
     * @return this builder
     */
    public Builder constraint(OutputConstraint constraint) {
      Texts.require("constraint", constraint);
      values.constraint = Optional.of(constraint);
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
