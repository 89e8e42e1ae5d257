package io.adapt4j.spring.ai;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.tool.ToolCallback;

/**
 * What a prompt says of sampling, tools and the form of the answer. What is not set is as the
 * model's options say.
 */
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
   * Begins with nothing set.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the JSON Schema that the answer is held to, or null for any text} */
  @Override
  public @Nullable String getOutputSchema() {
    return outputSchema;
  }

  /** {@return the seed of the random stream, or null} */
  public @Nullable Long getSeed() {
    return seed;
  }

  /** {@return the share of the likeliest token's probability below which none is drawn, or null} */
  public @Nullable Double getMinP() {
    return minP;
  }

  /** {@return the penalty of tokens that have occurred, or null} */
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

  /** Options that say what is asked for, else what holds by default. */
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

  /** Collects options. */
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
     * Holds the answer to a JSON Schema.
     *
     * @param value the schema
     * @return this builder
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
     * @return this builder
     */
    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    /**
     * Sets the share of the likeliest token's probability below which none is drawn.
     *
     * @param value between 0 and 1
     * @return this builder
     */
    public Builder minP(@Nullable Double value) {
      minP = value;
      return this;
    }

    /**
     * Sets the penalty of tokens that have occurred.
     *
     * @param value above 0
     * @return this builder
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
