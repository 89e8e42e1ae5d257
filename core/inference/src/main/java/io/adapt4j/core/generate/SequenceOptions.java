package io.adapt4j.core.generate;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.StringJoiner;

/**
 * Generation options of an encoder-decoder.
 *
 * <p>Names and definitions are those of Hugging Face Transformers. Unset options follow the model's
 * {@code generation_config.json}, or its {@code config.json} if that file is missing: many
 * published models for summarization and translation have their own settings there. Immutable and
 * safe to share between threads.
 */
public final class SequenceOptions {

  /** The limit on new tokens if neither options nor model set one. */
  public static final int DEFAULT_MAX_NEW_TOKENS = 256;

  private static final SequenceOptions DEFAULTS = builder().build();

  private final OptionalInt maxNewTokens;
  private final OptionalInt minNewTokens;
  private final OptionalInt numBeams;
  private final OptionalDouble lengthPenalty;
  private final OptionalInt noRepeatNgramSize;
  private final Optional<EarlyStopping> earlyStopping;
  private final OptionalInt forcedBosTokenId;
  private final OptionalInt forcedEosTokenId;
  private final OptionalInt eosTokenId;
  private final boolean ignoreEos;

  /** Stop conditions of beam search. */
  public enum EarlyStopping {
    /** As soon as there are as many complete texts as beams: {@code true} in Transformers. */
    WHEN_COMPLETE,
    /** When a better text is unlikely: {@code false} in Transformers. */
    WHEN_UNLIKELY,
    /** When a better text is impossible: {@code "never"} in Transformers. */
    NEVER
  }

  private SequenceOptions(Builder builder) {
    this.maxNewTokens = builder.maxNewTokens;
    this.minNewTokens = builder.minNewTokens;
    this.numBeams = builder.numBeams;
    this.lengthPenalty = builder.lengthPenalty;
    this.noRepeatNgramSize = builder.noRepeatNgramSize;
    this.earlyStopping = builder.earlyStopping;
    this.forcedBosTokenId = builder.forcedBosTokenId;
    this.forcedEosTokenId = builder.forcedEosTokenId;
    this.eosTokenId = builder.eosTokenId;
    this.ignoreEos = builder.ignoreEos;
  }

  /** {@return options that leave everything to the model's settings} */
  public static SequenceOptions defaults() {
    return DEFAULTS;
  }

  /** {@return options with one beam: always the most probable token} */
  public static SequenceOptions greedy() {
    return builder().numBeams(1).build();
  }

  /** {@return a new builder that leaves everything to the model's settings} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the maximum number of new tokens; empty to follow the model} */
  public OptionalInt maxNewTokens() {
    return maxNewTokens;
  }

  /** {@return the minimum number of new tokens; empty to follow the model} */
  public OptionalInt minNewTokens() {
    return minNewTokens;
  }

  /** {@return the number of beams; empty to follow the model} */
  public OptionalInt numBeams() {
    return numBeams;
  }

  /** {@return the exponent of the length by which scores are divided; empty to follow the model} */
  public OptionalDouble lengthPenalty() {
    return lengthPenalty;
  }

  /** {@return the size of n-grams that must not repeat; empty to follow the model} */
  public OptionalInt noRepeatNgramSize() {
    return noRepeatNgramSize;
  }

  /** {@return the stop condition of beam search; empty to follow the model} */
  public Optional<EarlyStopping> earlyStopping() {
    return earlyStopping;
  }

  /** {@return the token that every text starts with; empty to follow the model} */
  public OptionalInt forcedBosTokenId() {
    return forcedBosTokenId;
  }

  /** {@return the token that ends a text at the length limit; empty to follow the model} */
  public OptionalInt forcedEosTokenId() {
    return forcedEosTokenId;
  }

  /** {@return the token that ends a text; empty to follow the model} */
  public OptionalInt eosTokenId() {
    return eosTokenId;
  }

  /** {@return whether texts end only at the length limit} */
  public boolean ignoreEos() {
    return ignoreEos;
  }

  /**
   * Returns options with another limit.
   *
   * @param value maximum number of new tokens, at least 1
   * @return a changed copy
   */
  public SequenceOptions withMaxNewTokens(int value) {
    Builder builder = new Builder();
    builder.minNewTokens = minNewTokens;
    builder.numBeams = numBeams;
    builder.lengthPenalty = lengthPenalty;
    builder.noRepeatNgramSize = noRepeatNgramSize;
    builder.earlyStopping = earlyStopping;
    builder.forcedBosTokenId = forcedBosTokenId;
    builder.forcedEosTokenId = forcedEosTokenId;
    builder.eosTokenId = eosTokenId;
    builder.ignoreEos = ignoreEos;
    return builder.maxNewTokens(value).build();
  }

  /** The options that are set, in the order of the builder's setters. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "SequenceOptions[", "]");
    maxNewTokens.ifPresent(value -> text.add("maxNewTokens=" + value));
    minNewTokens.ifPresent(value -> text.add("minNewTokens=" + value));
    numBeams.ifPresent(value -> text.add("numBeams=" + value));
    lengthPenalty.ifPresent(value -> text.add("lengthPenalty=" + value));
    noRepeatNgramSize.ifPresent(value -> text.add("noRepeatNgramSize=" + value));
    earlyStopping.ifPresent(value -> text.add("earlyStopping=" + value));
    forcedBosTokenId.ifPresent(value -> text.add("forcedBosTokenId=" + value));
    forcedEosTokenId.ifPresent(value -> text.add("forcedEosTokenId=" + value));
    eosTokenId.ifPresent(value -> text.add("eosTokenId=" + value));
    if (ignoreEos) {
      text.add("ignoreEos=true");
    }
    return text.toString();
  }

  /** Builder of the options. Not safe for use by several threads. */
  public static final class Builder {

    private OptionalInt maxNewTokens = OptionalInt.empty();
    private OptionalInt minNewTokens = OptionalInt.empty();
    private OptionalInt numBeams = OptionalInt.empty();
    private OptionalDouble lengthPenalty = OptionalDouble.empty();
    private OptionalInt noRepeatNgramSize = OptionalInt.empty();
    private Optional<EarlyStopping> earlyStopping = Optional.empty();
    private OptionalInt forcedBosTokenId = OptionalInt.empty();
    private OptionalInt forcedEosTokenId = OptionalInt.empty();
    private OptionalInt eosTokenId = OptionalInt.empty();
    private boolean ignoreEos;

    private Builder() {}

    /**
     * Sets the maximum number of new tokens.
     *
     * @param value at least 1
     */
    public Builder maxNewTokens(int value) {
      maxNewTokens = OptionalInt.of(atLeast("maxNewTokens", value, 1));
      return this;
    }

    /**
     * Sets the minimum number of new tokens.
     *
     * @param value at least 0
     */
    public Builder minNewTokens(int value) {
      minNewTokens = OptionalInt.of(atLeast("minNewTokens", value, 0));
      return this;
    }

    /**
     * Sets the number of beams.
     *
     * @param value 1 for greedy decoding, more for beam search
     */
    public Builder numBeams(int value) {
      numBeams = OptionalInt.of(atLeast("numBeams", value, 1));
      return this;
    }

    /**
     * Sets the exponent of the length by which the scores of complete texts are divided.
     *
     * @param value above 0 prefers long texts, below 0 short ones
     */
    public Builder lengthPenalty(double value) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("lengthPenalty: expected a number, found " + value);
      }
      lengthPenalty = OptionalDouble.of(value);
      return this;
    }

    /**
     * Prevents n-grams from repeating.
     *
     * @param value size of the n-grams; 0 allows all
     */
    public Builder noRepeatNgramSize(int value) {
      noRepeatNgramSize = OptionalInt.of(atLeast("noRepeatNgramSize", value, 0));
      return this;
    }

    /**
     * Sets the stop condition of beam search.
     *
     * @param value the condition
     */
    public Builder earlyStopping(EarlyStopping value) {
      earlyStopping = Optional.of(value);
      return this;
    }

    /**
     * Sets the token that every text starts with, such as a language token.
     *
     * @param value its id
     */
    public Builder forcedBosTokenId(int value) {
      forcedBosTokenId = OptionalInt.of(atLeast("forcedBosTokenId", value, 0));
      return this;
    }

    /** Sets the token that ends a text at the length limit. */
    public Builder forcedEosTokenId(int value) {
      forcedEosTokenId = OptionalInt.of(atLeast("forcedEosTokenId", value, 0));
      return this;
    }

    /** Sets the token that ends a text. */
    public Builder eosTokenId(int value) {
      eosTokenId = OptionalInt.of(atLeast("eosTokenId", value, 0));
      return this;
    }

    /**
     * Sets whether texts end only at the length limit.
     *
     * @param value whether no token ends a text
     */
    public Builder ignoreEos(boolean value) {
      ignoreEos = value;
      return this;
    }

    /** {@return the options} */
    public SequenceOptions build() {
      return new SequenceOptions(this);
    }

    private static int atLeast(String name, int value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + ": expected at least " + least + ", found " + value);
      }
      return value;
    }
  }
}
