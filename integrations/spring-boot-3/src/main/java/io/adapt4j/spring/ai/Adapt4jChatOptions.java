package io.adapt4j.spring.ai;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;

/** Sampling, tools and output format of a prompt. Unset options follow the model's options. */
public final class Adapt4jChatOptions
    implements ToolCallingChatOptions, StructuredOutputChatOptions {

  private final DefaultToolCallingChatOptions common = new DefaultToolCallingChatOptions();
  private @Nullable String outputSchema;
  private @Nullable Long seed;
  private @Nullable Double minP;
  private @Nullable Double repetitionPenalty;

  private Adapt4jChatOptions() {}

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

  @Override
  public void setOutputSchema(@Nullable String outputSchema) {
    this.outputSchema = outputSchema;
  }

  /** {@return the seed of the random stream, or null} */
  public @Nullable Long getSeed() {
    return seed;
  }

  /**
   * Sets the seed of the random stream.
   *
   * @param seed any number, or null
   */
  public void setSeed(@Nullable Long seed) {
    this.seed = seed;
  }

  /** {@return the minimum probability of a token, relative to the most likely one, or null} */
  public @Nullable Double getMinP() {
    return minP;
  }

  /**
   * Sets the minimum probability of a token, relative to the most likely one.
   *
   * @param minP between 0 and 1, or null
   */
  public void setMinP(@Nullable Double minP) {
    this.minP = minP;
  }

  /** {@return the repetition penalty, or null} */
  public @Nullable Double getRepetitionPenalty() {
    return repetitionPenalty;
  }

  /**
   * Sets the repetition penalty.
   *
   * @param repetitionPenalty above 0, or null
   */
  public void setRepetitionPenalty(@Nullable Double repetitionPenalty) {
    this.repetitionPenalty = repetitionPenalty;
  }

  @Override
  public @Nullable String getModel() {
    return common.getModel();
  }

  @Override
  public @Nullable Double getFrequencyPenalty() {
    return common.getFrequencyPenalty();
  }

  @Override
  public @Nullable Integer getMaxTokens() {
    return common.getMaxTokens();
  }

  @Override
  public @Nullable Double getPresencePenalty() {
    return common.getPresencePenalty();
  }

  @Override
  public @Nullable List<String> getStopSequences() {
    return common.getStopSequences();
  }

  @Override
  public @Nullable Double getTemperature() {
    return common.getTemperature();
  }

  @Override
  public @Nullable Integer getTopK() {
    return common.getTopK();
  }

  @Override
  public @Nullable Double getTopP() {
    return common.getTopP();
  }

  @Override
  public List<ToolCallback> getToolCallbacks() {
    return common.getToolCallbacks();
  }

  @Override
  public void setToolCallbacks(List<ToolCallback> toolCallbacks) {
    common.setToolCallbacks(toolCallbacks);
  }

  @Override
  public Set<String> getToolNames() {
    return common.getToolNames();
  }

  @Override
  public void setToolNames(Set<String> toolNames) {
    common.setToolNames(toolNames);
  }

  @Override
  public Map<String, Object> getToolContext() {
    return common.getToolContext();
  }

  @Override
  public void setToolContext(Map<String, Object> toolContext) {
    common.setToolContext(toolContext);
  }

  @Override
  public @Nullable Boolean getInternalToolExecutionEnabled() {
    return common.getInternalToolExecutionEnabled();
  }

  @Override
  public void setInternalToolExecutionEnabled(@Nullable Boolean internalToolExecutionEnabled) {
    common.setInternalToolExecutionEnabled(internalToolExecutionEnabled);
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  public <T extends ChatOptions> T copy() {
    Adapt4jChatOptions copy = new Adapt4jChatOptions();
    copy.take(this);
    return (T) copy;
  }

  /** Combines requested options with defaults. */
  static Adapt4jChatOptions merge(@Nullable ChatOptions asked, Adapt4jChatOptions defaults) {
    Adapt4jChatOptions merged = defaults.copy();
    if (asked != null) {
      merged.take(asked);
    }
    return merged;
  }

  private void take(ChatOptions from) {
    take(from.getModel(), common::setModel);
    take(from.getFrequencyPenalty(), common::setFrequencyPenalty);
    take(from.getMaxTokens(), common::setMaxTokens);
    take(from.getPresencePenalty(), common::setPresencePenalty);
    take(from.getStopSequences(), common::setStopSequences);
    take(from.getTemperature(), common::setTemperature);
    take(from.getTopK(), common::setTopK);
    take(from.getTopP(), common::setTopP);
    if (from instanceof ToolCallingChatOptions tools) {
      setToolCallbacks(
          ToolCallingChatOptions.mergeToolCallbacks(tools.getToolCallbacks(), getToolCallbacks()));
      setToolNames(ToolCallingChatOptions.mergeToolNames(tools.getToolNames(), getToolNames()));
      setToolContext(
          ToolCallingChatOptions.mergeToolContext(tools.getToolContext(), getToolContext()));
      take(tools.getInternalToolExecutionEnabled(), this::setInternalToolExecutionEnabled);
    }
    if (from instanceof StructuredOutputChatOptions structured) {
      take(structured.getOutputSchema(), this::setOutputSchema);
    }
    if (from instanceof Adapt4jChatOptions ours) {
      take(ours.seed, this::setSeed);
      take(ours.minP, this::setMinP);
      take(ours.repetitionPenalty, this::setRepetitionPenalty);
    }
  }

  private static <T> void take(@Nullable T value, Consumer<T> setter) {
    Optional.ofNullable(value).ifPresent(setter);
  }

  /** Builder of the options. */
  public static final class Builder {

    private final Adapt4jChatOptions options = new Adapt4jChatOptions();

    private Builder() {}

    /**
     * Sets the model's name, which must be that of the chat model.
     *
     * @param value the name
     */
    public Builder model(@Nullable String value) {
      options.common.setModel(value);
      return this;
    }

    /**
     * Sets the divisor of the logits.
     *
     * @param value at least 0; 0 is greedy
     */
    public Builder temperature(@Nullable Double value) {
      options.common.setTemperature(value);
      return this;
    }

    /**
     * Keeps only the most probable tokens.
     *
     * @param value number of tokens, at least 0; 0 keeps all
     */
    public Builder topK(@Nullable Integer value) {
      options.common.setTopK(value);
      return this;
    }

    /**
     * Sets the probability mass of the most probable tokens to keep.
     *
     * @param value between 0 and 1
     */
    public Builder topP(@Nullable Double value) {
      options.common.setTopP(value);
      return this;
    }

    /**
     * Sets the maximum number of tokens of an answer.
     *
     * @param value at least 1
     */
    public Builder maxTokens(@Nullable Integer value) {
      options.common.setMaxTokens(value);
      return this;
    }

    /**
     * Sets texts that end an answer.
     *
     * @param value the texts
     */
    public Builder stopSequences(@Nullable List<String> value) {
      options.common.setStopSequences(value);
      return this;
    }

    /**
     * Sets the seed of the random stream.
     *
     * @param value any number
     */
    public Builder seed(@Nullable Long value) {
      options.setSeed(value);
      return this;
    }

    /** Sets the minimum probability of a token, relative to the most likely one. */
    public Builder minP(@Nullable Double value) {
      options.setMinP(value);
      return this;
    }

    /**
     * Sets the repetition penalty.
     *
     * @param value above 0
     */
    public Builder repetitionPenalty(@Nullable Double value) {
      options.setRepetitionPenalty(value);
      return this;
    }

    /**
     * Constrains the answer to a JSON Schema.
     *
     * @param value the schema
     */
    public Builder outputSchema(@Nullable String value) {
      options.setOutputSchema(value);
      return this;
    }

    /**
     * Sets the available tools.
     *
     * @param value the tools
     */
    public Builder toolCallbacks(List<ToolCallback> value) {
      options.setToolCallbacks(value);
      return this;
    }

    /**
     * Sets the available tools by the names of beans.
     *
     * @param value the names
     */
    public Builder toolNames(Set<String> value) {
      options.setToolNames(value);
      return this;
    }

    /**
     * Sets the context passed to tools in addition to their arguments.
     *
     * @param value the context
     */
    public Builder toolContext(Map<String, Object> value) {
      options.setToolContext(value);
      return this;
    }

    /**
     * Sets whether the chat model runs tools itself (the default).
     *
     * @param value false to return the calls
     */
    public Builder internalToolExecutionEnabled(@Nullable Boolean value) {
      options.setInternalToolExecutionEnabled(value);
      return this;
    }

    /** {@return the options} */
    public Adapt4jChatOptions build() {
      return options.copy();
    }
  }
}
