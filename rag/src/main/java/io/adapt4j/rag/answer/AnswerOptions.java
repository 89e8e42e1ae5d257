package io.adapt4j.rag.answer;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import java.util.Objects;

/** How answers are written. */
public final class AnswerOptions {

  /** New tokens unless options for generating are set. */
  public static final int DEFAULT_MAX_NEW_TOKENS = 512;

  /** What is said where the documents do not answer, unless it is set. */
  public static final String DEFAULT_NOT_FOUND = "The documents do not say.";

  private final GenerationOptions generation;
  private final String notFound;
  private final String instructions;
  private final boolean systemMessage;

  private AnswerOptions(Builder builder) {
    this.generation = builder.generation;
    this.notFound = builder.notFound;
    this.instructions = builder.instructions;
    this.systemMessage = builder.systemMessage;
  }

  /** {@return the defaults: greedy, at most {@value #DEFAULT_MAX_NEW_TOKENS} new tokens} */
  public static AnswerOptions defaults() {
    return builder().build();
  }

  /**
   * Begins with the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return how answers are generated} */
  public GenerationOptions generation() {
    return generation;
  }

  /** {@return the answer where the documents do not say} */
  public String notFound() {
    return notFound;
  }

  /** {@return further instructions; empty without any} */
  public String instructions() {
    return instructions;
  }

  /** {@return whether instructions stand in a system message} */
  public boolean systemMessage() {
    return systemMessage;
  }

  /** Collects options. */
  public static final class Builder {

    private GenerationOptions generation =
        GenerationOptions.greedy().toBuilder().maxNewTokens(DEFAULT_MAX_NEW_TOKENS).build();
    private String notFound = DEFAULT_NOT_FOUND;
    private String instructions = "";
    private boolean systemMessage = true;

    private Builder() {}

    /**
     * Sets how tokens are chosen and how many there may be.
     *
     * @param value the options
     * @return this
     */
    public Builder generation(GenerationOptions value) {
      generation = Objects.requireNonNull(value, "generation");
      return this;
    }

    /**
     * Sets what is said where the documents do not answer; {@value #DEFAULT_NOT_FOUND} unless it is
     * set.
     *
     * @param value a sentence in the language of the answers
     * @return this
     * @throws IllegalArgumentException if it is blank
     */
    public Builder notFound(String value) {
      Texts.require("value", value);
      if (value.isBlank()) {
        throw new IllegalArgumentException("notFound: expected a sentence, found a blank one");
      }
      notFound = value.strip();
      return this;
    }

    /**
     * Adds instructions of the application, such as the tone or the language.
     *
     * @param value the instructions
     * @return this
     */
    public Builder instructions(String value) {
      instructions = Objects.requireNonNull(value, "instructions").strip();
      return this;
    }

    /**
     * Sets whether instructions are a message of the role system; they are unless it is set. For
     * models whose chat template refuses that role they go before the sources.
     *
     * @param value whether there is a system message
     * @return this
     */
    public Builder systemMessage(boolean value) {
      systemMessage = value;
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     */
    public AnswerOptions build() {
      return new AnswerOptions(this);
    }
  }
}
