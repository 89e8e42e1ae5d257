package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Sampling parameters of a request beyond those common to all LangChain4j models. */
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
   * Creates a builder with nothing set.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the seed of the random stream; empty to use that of the model's options} */
  public OptionalLong seed() {
    return seed;
  }

  /** {@return the minimum probability of a token, relative to the most likely one} */
  public OptionalDouble minP() {
    return minP;
  }

  /** {@return the repetition penalty} */
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

  /** Builder of the parameters. */
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
     */
    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    /**
     * Sets the minimum probability of a token, relative to the most likely one.
     *
     * @param value between 0 and 1; 0 disables it
     */
    public Builder minP(double value) {
      minP = OptionalDouble.of(value);
      return this;
    }

    /**
     * Sets the repetition penalty.
     *
     * @param value above 0; 1 disables it
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
