package io.adapt4j.rag.answer;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import java.util.Objects;

/** Options for generating answers. */
public final class AnswerOptions {

  /** Default limit of new tokens. */
  public static final int DEFAULT_MAX_NEW_TOKENS = 512;

  /** Default answer if the documents do not contain one. */
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

  /** {@return the generation options} */
  public GenerationOptions generation() {
    return generation;
  }

  /** {@return the answer given if the documents do not contain one} */
  public String notFound() {
    return notFound;
  }

  /** {@return additional instructions; empty if there are none} */
  public String instructions() {
    return instructions;
  }

  /** {@return whether instructions are sent as a system message} */
  public boolean systemMessage() {
    return systemMessage;
  }

  /** Builder of options. */
  public static final class Builder {

    private GenerationOptions generation =
        GenerationOptions.greedy().toBuilder().maxNewTokens(DEFAULT_MAX_NEW_TOKENS).build();
    private String notFound = DEFAULT_NOT_FOUND;
    private String instructions = "";
    private boolean systemMessage = true;

    private Builder() {}

    /**
     * Sets the generation options, such as sampling and the limit of new tokens.
     *
     * @param value the options
     */
    public Builder generation(GenerationOptions value) {
      generation = Objects.requireNonNull(value, "generation");
      return this;
    }

    /**
     * Sets the answer given if the documents do not contain one; {@value #DEFAULT_NOT_FOUND} by
     * default.
     *
     * @param value a sentence in the language of the answers
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
     * Sets application instructions, such as tone or language.
     *
     * @param value the instructions
     */
    public Builder instructions(String value) {
      instructions = Objects.requireNonNull(value, "instructions").strip();
      return this;
    }

    /**
     * Sets whether instructions are sent as a system message; true by default. Turn it off for
     * models whose chat template rejects that role; instructions then precede the sources.
     *
     * @param value whether there is a system message
     */
    public Builder systemMessage(boolean value) {
      systemMessage = value;
      return this;
    }

    /**
     * Builds the options.
     *
     * @return the options
     */
    public AnswerOptions build() {
      return new AnswerOptions(this);
    }
  }
}
