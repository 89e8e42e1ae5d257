package io.adapt4j.core.generate;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * How to choose tokens and when to stop.
 *
 * <p>Names, definitions and order of the filters are those of Hugging Face Transformers: repetition
 * penalty, temperature, top-k, top-p, min-p, then sampling from what is left. Immutable and safe to
 * share between threads.
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

  private final int maxNewTokens;
  private final double temperature;
  private final int topK;
  private final double topP;
  private final double minP;
  private final double repetitionPenalty;
  private final long seed;
  private final List<String> stopStrings;
  private final Set<Integer> stopIds;
  private final boolean ignoreEos;
  private final boolean ignoreContextLength;
  private final int promptLookupTokens;
  private final Optional<OutputConstraint> constraint;
  private final boolean skipSpecialTokens;

  private GenerationOptions(Builder builder) {
    maxNewTokens = builder.maxNewTokens;
    temperature = builder.temperature;
    topK = builder.topK;
    topP = builder.topP;
    minP = builder.minP;
    repetitionPenalty = builder.repetitionPenalty;
    seed = builder.seed;
    stopStrings = builder.stopStrings;
    stopIds = builder.stopIds;
    ignoreEos = builder.ignoreEos;
    ignoreContextLength = builder.ignoreContextLength;
    promptLookupTokens = builder.promptLookupTokens;
    constraint = builder.constraint;
    skipSpecialTokens = builder.skipSpecialTokens;
  }

  /**
   * Returns the defaults: plain sampling at temperature 1, at most {@value #DEFAULT_MAX_NEW_TOKENS}
   * new tokens.
   *
   * @return the default options
   */
  public static GenerationOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns the defaults with temperature 0: always the most probable token.
   *
   * @return options for greedy decoding
   */
  public static GenerationOptions greedy() {
    return GREEDY;
  }

  /**
   * Starts from the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from these options.
   *
   * @return a new builder holding the same values
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.maxNewTokens = maxNewTokens;
    builder.temperature = temperature;
    builder.topK = topK;
    builder.topP = topP;
    builder.minP = minP;
    builder.repetitionPenalty = repetitionPenalty;
    builder.seed = seed;
    builder.stopStrings = stopStrings;
    builder.stopIds = stopIds;
    builder.ignoreEos = ignoreEos;
    builder.ignoreContextLength = ignoreContextLength;
    builder.promptLookupTokens = promptLookupTokens;
    builder.constraint = constraint;
    builder.skipSpecialTokens = skipSpecialTokens;
    return builder;
  }

  /** {@return the most tokens to generate, at least 1} */
  public int maxNewTokens() {
    return maxNewTokens;
  }

  /** {@return the divisor of the logits; 0 means greedy} */
  public double temperature() {
    return temperature;
  }

  /** {@return whether the most probable token is always chosen, as the temperature is 0} */
  public boolean isGreedy() {
    return temperature == 0;
  }

  /** {@return how many of the most probable tokens stay; 0 means all} */
  public int topK() {
    return topK;
  }

  /** {@return the probability mass of the most probable tokens that stay; 1 means all} */
  public double topP() {
    return topP;
  }

  /** {@return the least probability of a token, relative to the most probable one; 0 for none} */
  public double minP() {
    return minP;
  }

  /** {@return the penalty on tokens that occur in prompt or text, a factor; 1 means none} */
  public double repetitionPenalty() {
    return repetitionPenalty;
  }

  /** {@return the seed of the random stream} */
  public long seed() {
    return seed;
  }

  /** {@return texts that end the generation, an immutable list} */
  public List<String> stopStrings() {
    return stopStrings;
  }

  /**
   * Token ids that end the generation, besides the model's own end-of-sequence ids.
   *
   * @return an immutable set
   */
  public Set<Integer> stopIds() {
    return stopIds;
  }

  /**
   * Whether the model's end-of-sequence token is treated as any other token.
   *
   * @return true to go on after it
   */
  public boolean ignoreEos() {
    return ignoreEos;
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
    return ignoreContextLength;
  }

  /**
   * How many tokens are guessed at once from what the prompt and the text so far have in common.
   *
   * @return tokens; 0 means none
   */
  public int promptLookupTokens() {
    return promptLookupTokens;
  }

  /** {@return whether special tokens are left out of the text; otherwise they are spelled out} */
  public boolean skipSpecialTokens() {
    return skipSpecialTokens;
  }

  /** {@return what texts an answer may be, or empty where it may be any} */
  public Optional<OutputConstraint> constraint() {
    return constraint;
  }

  /** Options with equal values are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof GenerationOptions options && values().equals(options.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  private List<Object> values() {
    return List.of(
        maxNewTokens,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        seed,
        stopStrings,
        stopIds,
        ignoreEos,
        ignoreContextLength,
        promptLookupTokens,
        constraint,
        skipSpecialTokens);
  }

  @Override
  public String toString() {
    return "GenerationOptions[maxNewTokens=%d, temperature=%s, topK=%d, topP=%s, minP=%s, repetitionPenalty=%s, seed=%d, stopStrings=%s, stopIds=%s, ignoreEos=%s, ignoreContextLength=%s, promptLookupTokens=%d%s%s]"
        .formatted(
            maxNewTokens,
            temperature,
            topK,
            topP,
            minP,
            repetitionPenalty,
            seed,
            stopStrings,
            stopIds,
            ignoreEos,
            ignoreContextLength,
            promptLookupTokens,
            constraint.map(value -> ", constraint=" + value).orElse(""),
            skipSpecialTokens ? "" : ", skipSpecialTokens=false");
  }

  /** Collects the options; every setter checks its value at once. */
  public static final class Builder {
    private int maxNewTokens = DEFAULT_MAX_NEW_TOKENS;
    private double temperature = DEFAULT_TEMPERATURE;
    private int topK;
    private double topP = 1;
    private double minP;
    private double repetitionPenalty = 1;
    private long seed = DEFAULT_SEED;
    private List<String> stopStrings = List.of();
    private Set<Integer> stopIds = Set.of();
    private boolean ignoreEos;
    private boolean ignoreContextLength;
    private int promptLookupTokens;
    private Optional<OutputConstraint> constraint = Optional.empty();
    private boolean skipSpecialTokens = true;

    private Builder() {}

    /**
     * Sets the most tokens to generate.
     *
     * @param maxNewTokens at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder maxNewTokens(int maxNewTokens) {
      require(maxNewTokens >= 1, "maxNewTokens", "at least 1", maxNewTokens);
      this.maxNewTokens = maxNewTokens;
      return this;
    }

    /**
     * Sets the divisor of the logits: below 1 sharpens the distribution, above 1 flattens it.
     *
     * @param temperature a finite number, at least 0; 0 means greedy
     * @return this builder
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Builder temperature(double temperature) {
      require(
          temperature >= 0 && Double.isFinite(temperature),
          "temperature",
          "a finite number, at least 0 (0 is greedy)",
          temperature);
      this.temperature = temperature;
      return this;
    }

    /**
     * Keeps only the most probable tokens (Fan et al. 2018). Tokens that tie with the last one stay
     * too.
     *
     * @param topK at least 1, or 0 to keep all
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder topK(int topK) {
      require(topK >= 0, "topK", "at least 0 (0 is off)", topK);
      this.topK = topK;
      return this;
    }

    /**
     * Keeps the smallest set of most probable tokens that holds this probability (nucleus sampling,
     * Holtzman et al. 2020). At least one token stays.
     *
     * @param topP between 0 and 1; 1 keeps all
     * @return this builder
     * @throws IllegalArgumentException if it is outside that range
     */
    public Builder topP(double topP) {
      require(topP >= 0 && topP <= 1, "topP", "between 0 and 1 (1 is off)", topP);
      this.topP = topP;
      return this;
    }

    /**
     * Drops tokens less probable than this ratio of the most probable one (Nguyen et al. 2024).
     *
     * @param minP between 0 and 1; 0 drops none
     * @return this builder
     * @throws IllegalArgumentException if it is outside that range
     */
    public Builder minP(double minP) {
      require(minP >= 0 && minP <= 1, "minP", "between 0 and 1 (0 is off)", minP);
      this.minP = minP;
      return this;
    }

    /**
     * Divides the positive and multiplies the negative logits of tokens that already occurred in
     * prompt or output (Keskar et al. 2019). It applies to greedy decoding too.
     *
     * @param repetitionPenalty a finite number above 0; 1 is none, above 1 discourages repetition
     * @return this builder
     * @throws IllegalArgumentException if it is not above 0 or not finite
     */
    public Builder repetitionPenalty(double repetitionPenalty) {
      require(
          repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
          "repetitionPenalty",
          "a finite number above 0 (1 is off)",
          repetitionPenalty);
      this.repetitionPenalty = repetitionPenalty;
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
      this.seed = seed;
      return this;
    }

    /**
     * Sets texts that end the generation. The result is cut before the text.
     *
     * @param stopStrings non-empty texts
     * @return this builder
     * @throws IllegalArgumentException if one is empty
     */
    public Builder stopStrings(List<String> stopStrings) {
      List<String> copy = List.copyOf(stopStrings);
      require(
          copy.stream().noneMatch(String::isEmpty), "stopStrings", "non-empty texts", stopStrings);
      this.stopStrings = copy;
      return this;
    }

    /**
     * Sets texts that end the generation. The result is cut before the text.
     *
     * @param stopStrings non-empty texts
     * @return this builder
     * @throws IllegalArgumentException if one is empty
     */
    public Builder stopStrings(String... stopStrings) {
      return stopStrings(List.of(stopStrings));
    }

    /**
     * Sets token ids that end the generation.
     *
     * @param stopIds ids, each at least 0
     * @return this builder
     * @throws IllegalArgumentException if one is negative
     */
    public Builder stopIds(Collection<Integer> stopIds) {
      Set<Integer> copy = Set.copyOf(stopIds);
      require(copy.stream().allMatch(id -> id >= 0), "stopIds", "ids of at least 0", stopIds);
      this.stopIds = copy;
      return this;
    }

    /**
     * Continues after the model's end-of-sequence token.
     *
     * @param ignoreEos true to ignore it
     * @return this builder
     */
    public Builder ignoreEos(boolean ignoreEos) {
      this.ignoreEos = ignoreEos;
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
      this.ignoreContextLength = ignoreContextLength;
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
     * @throws IllegalArgumentException if it is negative
     */
    public Builder promptLookupTokens(int promptLookupTokens) {
      require(
          promptLookupTokens >= 0,
          "promptLookupTokens",
          "at least 0 (0 is off)",
          promptLookupTokens);
      this.promptLookupTokens = promptLookupTokens;
      return this;
    }

    /**
     * Leaves special tokens out of the text, as by default. Some models set off tool calls or
     * thoughts with special tokens, which are told from other text only where they are spelled out.
     * What ends a generation is never text.
     *
     * @param skipSpecialTokens false to spell them out
     * @return this builder
     */
    public Builder skipSpecialTokens(boolean skipSpecialTokens) {
      this.skipSpecialTokens = skipSpecialTokens;
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
      this.constraint = Optional.of(constraint);
      return this;
    }

    /** {@return immutable options} */
    public GenerationOptions build() {
      return new GenerationOptions(this);
    }

    private static void require(boolean valid, String name, String allowed, Object value) {
      if (!valid) {
        throw new IllegalArgumentException(
            name + " must be " + allowed + ", but is " + Objects.toString(value));
      }
    }
  }
}
