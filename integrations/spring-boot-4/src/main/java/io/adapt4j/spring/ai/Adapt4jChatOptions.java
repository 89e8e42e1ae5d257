package io.adapt4j.spring.ai;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.tool.ToolCallback;

/** Sampling, tools and output format of a prompt. Unset options follow the model's options. */
public final class Adapt4jChatOptions extends DefaultToolCallingChatOptions
    implements StructuredOutputChatOptions {

  private final @Nullable String outputSchema;
  private final @Nullable Long seed;
  private final @Nullable Double minP;
  private final @Nullable Double repetitionPenalty;

  private Adapt4jChatOptions(Builder from) {
    super(
        from.callbacks(),
        from.context(),
        from.model(),
        from.frequencyPenalty(),
        from.maxTokens(),
        from.presencePenalty(),
        from.stopSequences(),
        from.temperature(),
        from.topK(),
        from.topP());
    this.outputSchema = from.outputSchema;
    this.seed = from.seed;
    this.minP = from.minP;
    this.repetitionPenalty = from.repetitionPenalty;
  }

  /**
   * Creates a builder with nothing set.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the JSON Schema of the answer, or null for any text} */
  @Override
  public @Nullable String getOutputSchema() {
    return outputSchema;
  }

  /** {@return the seed of the random stream, or null} */
  public @Nullable Long getSeed() {
    return seed;
  }

  /** {@return the minimum probability of a token, relative to the most likely one, or null} */
  public @Nullable Double getMinP() {
    return minP;
  }

  /** {@return the repetition penalty, or null} */
  public @Nullable Double getRepetitionPenalty() {
    return repetitionPenalty;
  }

  @Override
  public Builder mutate() {
    return builder()
        .model(getModel())
        .frequencyPenalty(getFrequencyPenalty())
        .maxTokens(getMaxTokens())
        .presencePenalty(getPresencePenalty())
        .stopSequences(getStopSequences())
        .temperature(getTemperature())
        .topK(getTopK())
        .topP(getTopP())
        .toolCallbacks(getToolCallbacks())
        .toolContext(getToolContext())
        .outputSchema(outputSchema)
        .seed(seed)
        .minP(minP)
        .repetitionPenalty(repetitionPenalty);
  }

  /** Combines requested options with defaults. */
  static Adapt4jChatOptions merge(@Nullable ChatOptions asked, Adapt4jChatOptions defaults) {
    return asked == null ? defaults : defaults.mutate().combineWith(asked.mutate()).build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Adapt4jChatOptions that
        && super.equals(that)
        && Objects.equals(outputSchema, that.outputSchema)
        && Objects.equals(seed, that.seed)
        && Objects.equals(minP, that.minP)
        && Objects.equals(repetitionPenalty, that.repetitionPenalty);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), outputSchema, seed, minP, repetitionPenalty);
  }

  /** Builder of the options. */
  public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
      implements StructuredOutputChatOptions.Builder<Builder> {

    private @Nullable String outputSchema;
    private @Nullable Long seed;
    private @Nullable Double minP;
    private @Nullable Double repetitionPenalty;

    private Builder() {}

    private @Nullable List<ToolCallback> callbacks() {
      return toolCallbacks;
    }

    private @Nullable Map<String, Object> context() {
      return toolContext;
    }

    private @Nullable String model() {
      return model;
    }

    private @Nullable Double frequencyPenalty() {
      return frequencyPenalty;
    }

    private @Nullable Integer maxTokens() {
      return maxTokens;
    }

    private @Nullable Double presencePenalty() {
      return presencePenalty;
    }

    private @Nullable List<String> stopSequences() {
      return stopSequences;
    }

    private @Nullable Double temperature() {
      return temperature;
    }

    private @Nullable Integer topK() {
      return topK;
    }

    private @Nullable Double topP() {
      return topP;
    }

    /**
     * Constrains the answer to a JSON Schema.
     *
     * @param value the schema
     */
    @Override
    public Builder outputSchema(@Nullable String value) {
      outputSchema = value;
      return this;
    }

    /**
     * Sets the seed of the random stream.
     *
     * @param value any number
     */
    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    /**
     * Sets the minimum probability of a token, relative to the most likely one.
     *
     * @param value between 0 and 1
     */
    public Builder minP(@Nullable Double value) {
      minP = value;
      return this;
    }

    /**
     * Sets the repetition penalty.
     *
     * @param value above 0
     */
    public Builder repetitionPenalty(@Nullable Double value) {
      repetitionPenalty = value;
      return this;
    }

    @Override
    public Builder combineWith(ChatOptions.Builder<?> other) {
      super.combineWith(other);
      if (other.build() instanceof StructuredOutputChatOptions structured
          && structured.getOutputSchema() != null) {
        outputSchema = structured.getOutputSchema();
      }
      if (other instanceof Builder ours) {
        seed = ours.seed == null ? seed : ours.seed;
        minP = ours.minP == null ? minP : ours.minP;
        repetitionPenalty =
            ours.repetitionPenalty == null ? repetitionPenalty : ours.repetitionPenalty;
      }
      return this;
    }

    /** {@return the options} */
    @Override
    public Adapt4jChatOptions build() {
      return new Adapt4jChatOptions(this);
    }
  }
}
