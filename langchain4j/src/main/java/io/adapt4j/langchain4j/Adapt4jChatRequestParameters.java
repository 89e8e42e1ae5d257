package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What a request says of sampling beyond the parameters that all of LangChain4j's models know. */
public final class Adapt4jChatRequestParameters extends DefaultChatRequestParameters {

  private final OptionalLong seed;
  private final OptionalDouble minP;
  private final OptionalDouble repetitionPenalty;

  private Adapt4jChatRequestParameters(Builder builder) {
    super(builder);
    this.seed = builder.seed;
    this.minP = builder.minP;
    this.repetitionPenalty = builder.repetitionPenalty;
  }

  /**
   * Begins with nothing set.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the seed of the random stream, empty where the model's options say it} */
  public OptionalLong seed() {
    return seed;
  }

  /** {@return the share of the likeliest token's probability below which none is drawn} */
  public OptionalDouble minP() {
    return minP;
  }

  /** {@return the penalty of tokens that have occurred} */
  public OptionalDouble repetitionPenalty() {
    return repetitionPenalty;
  }

  @Override
  public Adapt4jChatRequestParameters overrideWith(ChatRequestParameters that) {
    return builder().overrideWith(this).overrideWith(that).build();
  }

  @Override
  public Adapt4jChatRequestParameters defaultedBy(ChatRequestParameters that) {
    return builder().overrideWith(that).overrideWith(this).build();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Adapt4jChatRequestParameters that
        && super.equals(that)
        && seed.equals(that.seed)
        && minP.equals(that.minP)
        && repetitionPenalty.equals(that.repetitionPenalty);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), seed, minP, repetitionPenalty);
  }

  @Override
  public String toString() {
    return "Adapt4jChatRequestParameters[%s, seed=%s, minP=%s, repetitionPenalty=%s]"
        .formatted(super.toString(), seed, minP, repetitionPenalty);
  }

  /** Collects parameters. */
  public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {

    private OptionalLong seed = OptionalLong.empty();
    private OptionalDouble minP = OptionalDouble.empty();
    private OptionalDouble repetitionPenalty = OptionalDouble.empty();

    private Builder() {}

    @Override
    public Builder overrideWith(ChatRequestParameters parameters) {
      super.overrideWith(parameters);
      if (parameters instanceof Adapt4jChatRequestParameters ours) {
        seed = ours.seed.isPresent() ? ours.seed : seed;
        minP = ours.minP.isPresent() ? ours.minP : minP;
        repetitionPenalty =
            ours.repetitionPenalty.isPresent() ? ours.repetitionPenalty : repetitionPenalty;
      }
      return this;
    }

    /**
     * Sets the seed of the random stream.
     *
     * @param value any number
     * @return this builder
     */
    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    /**
     * Sets the share of the likeliest token's probability below which no token is drawn.
     *
     * @param value between 0 and 1; 0 is off
     * @return this builder
     */
    public Builder minP(double value) {
      minP = OptionalDouble.of(value);
      return this;
    }

    /**
     * Sets the penalty of tokens that have occurred.
     *
     * @param value above 0; 1 is off
     * @return this builder
     */
    public Builder repetitionPenalty(double value) {
      repetitionPenalty = OptionalDouble.of(value);
      return this;
    }

    @Override
    public Adapt4jChatRequestParameters build() {
      return new Adapt4jChatRequestParameters(this);
    }
  }
}
