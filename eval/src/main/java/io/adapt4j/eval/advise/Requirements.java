package io.adapt4j.eval.advise;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Needs, data, limits and results so far, on which advice is based.
 *
 * @param needs problems of the model to solve, at least one
 * @param updates how often the facts change
 * @param documentTokens tokens in the available documents; 0 if there are none
 * @param examples number of available good pairs of a prompt and its answer
 * @param preferencePairs number of available pairs of a better and a worse answer
 * @param parameters number of parameters of the model
 * @param trainingBytes memory available for training; 0 if training is impossible
 * @param contextTokens context length of the model in tokens
 * @param latency maximum time of an answer, if there is a limit
 * @param citations whether an answer must cite its sources
 * @param privacy who may read the documents
 * @param keepsAbilities whether the model must retain its other abilities
 * @param tried scores of strategies tried so far, higher is better
 * @param target the sufficient score, if known
 */
public record Requirements(
    Set<Need> needs,
    Updates updates,
    long documentTokens,
    int examples,
    int preferencePairs,
    long parameters,
    long trainingBytes,
    int contextTokens,
    Optional<Duration> latency,
    Citations citations,
    Privacy privacy,
    boolean keepsAbilities,
    Map<Strategy, Double> tried,
    OptionalDouble target) {

  /** Problems of a model. */
  public enum Need {
    /** It lacks knowledge. */
    FACTS,
    /** It does not behave as it should: tone, reasoning, a skill. */
    BEHAVIOR,
    /** Its answers do not have the required format. */
    FORMAT
  }

  /** Frequencies of changes of facts, the slowest first. */
  public enum Updates {
    /** Not within the lifetime of a model. */
    NEVER,
    /** A few times a year. */
    YEARLY,
    /** Every month or so. */
    MONTHLY,
    /** Every week or day. */
    DAILY
  }

  /** Requirements on citing sources, the weakest first. */
  public enum Citations {
    /** Citations are not needed. */
    UNNEEDED,
    /** Citations are helpful. */
    HELPFUL,
    /** An answer without citations is useless. */
    REQUIRED
  }

  /** Readers of the documents, the most restricted last. */
  public enum Privacy {
    /** Everybody. */
    PUBLIC,
    /** All users of the model. */
    CONFIDENTIAL,
    /** Some users of the model each, different ones for different documents. */
    BY_READER
  }

  /**
   * Checks and copies the values. Throws {@link IllegalArgumentException} if there is no need, a
   * number is negative, or a score is no number.
   */
  public Requirements {
    if (needs.isEmpty()) {
      throw new IllegalArgumentException("needs: expected at least one, found none");
    }
    requireNotNegative("documentTokens", documentTokens);
    requireNotNegative("examples", examples);
    requireNotNegative("preferencePairs", preferencePairs);
    requireNotNegative("trainingBytes", trainingBytes);
    requirePositive("parameters", parameters);
    requirePositive("contextTokens", contextTokens);
    latency.ifPresent(limit -> requirePositive("latency", limit.toNanos()));
    tried.forEach((strategy, score) -> requireFinite(strategy.label(), score));
    target.ifPresent(score -> requireFinite("target", score));
    Objects.requireNonNull(updates, "updates");
    Objects.requireNonNull(citations, "citations");
    Objects.requireNonNull(privacy, "privacy");
    needs = Collections.unmodifiableSet(EnumSet.copyOf(needs));
    tried = Map.copyOf(tried);
  }

  private static void requireNotNegative(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + ": expected 0 or more, found " + value);
    }
  }

  private static void requirePositive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + ": expected more than 0, found " + value);
    }
  }

  private static void requireFinite(String name, double score) {
    if (!Double.isFinite(score)) {
      throw new IllegalArgumentException(
          "score of " + name + ": expected a number, found " + score);
    }
  }

  /**
   * Creates a builder.
   *
   * @param first a problem of the model
   * @param others further problems
   * @return a builder
   */
  public static Builder needing(Need first, Need... others) {
    return new Builder(EnumSet.of(first, others));
  }

  /**
   * Returns whether the model has a problem.
   *
   * @param need the problem
   * @return true if it is among the needs
   */
  public boolean needs(Need need) {
    return needs.contains(need);
  }

  /**
   * Returns whether a strategy has reached the target.
   *
   * @param strategy the strategy
   * @return true if it was tried and its score reaches the target
   */
  public boolean reached(Strategy strategy) {
    return target.isPresent()
        && tried.containsKey(strategy)
        && tried.get(strategy) >= target.getAsDouble();
  }

  /**
   * Returns whether a strategy has missed the target.
   *
   * @return true if it was tried and its score is below the target
   */
  public boolean fellShort(Strategy strategy) {
    return target.isPresent()
        && tried.containsKey(strategy)
        && tried.get(strategy) < target.getAsDouble();
  }

  /**
   * Returns whether training fits into memory, by a rough estimate.
   *
   * @param method the training method
   * @return true if it does
   */
  public boolean fits(TuningMethod method) {
    return method.bytes(parameters) <= trainingBytes;
  }

  /** Builder of requirements. Defaults: no data, a model of 7 billion parameters, no limits. */
  public static final class Builder {

    private final Set<Need> needs;
    private Updates updates = Updates.NEVER;
    private long documentTokens;
    private int examples;
    private int preferencePairs;
    private long parameters = 7_000_000_000L;
    private long trainingBytes;
    private int contextTokens = 8192;
    private Optional<Duration> latency = Optional.empty();
    private Citations citations = Citations.UNNEEDED;
    private Privacy privacy = Privacy.PUBLIC;
    private boolean keepsAbilities;
    private final Map<Strategy, Double> tried = new EnumMap<>(Strategy.class);
    private OptionalDouble target = OptionalDouble.empty();

    private Builder(Set<Need> needs) {
      this.needs = needs;
    }

    /**
     * Sets how often the facts change; default never.
     *
     * @param value how often
     */
    public Builder updates(Updates value) {
      updates = value;
      return this;
    }

    /**
     * Sets the size of the documents; default none.
     *
     * @param tokens tokens in all documents
     */
    public Builder documentTokens(long tokens) {
      documentTokens = tokens;
      return this;
    }

    /**
     * Sets the number of training examples; default none.
     *
     * @param count good pairs of a prompt and its answer
     */
    public Builder examples(int count) {
      examples = count;
      return this;
    }

    /**
     * Sets the number of preference pairs; default none.
     *
     * @param count pairs of a better and a worse answer to one prompt
     */
    public Builder preferencePairs(int count) {
      preferencePairs = count;
      return this;
    }

    /**
     * Describes the model.
     *
     * @param count its number of parameters; default 7 billion
     * @param context its context length in tokens; default 8192
     */
    public Builder model(long count, int context) {
      parameters = count;
      contextTokens = context;
      return this;
    }

    /**
     * Sets the memory for training; default none.
     *
     * @param bytes memory of the GPU, or of the machine if the CPU trains
     */
    public Builder trainingBytes(long bytes) {
      trainingBytes = bytes;
      return this;
    }

    /**
     * Limits the time of an answer; default no limit.
     *
     * @param most maximum time of an answer
     */
    public Builder latency(Duration most) {
      latency = Optional.of(most);
      return this;
    }

    /**
     * Sets whether answers must cite their sources; default not needed.
     *
     * @param value the requirement
     */
    public Builder citations(Citations value) {
      citations = value;
      return this;
    }

    /**
     * Sets who may read the documents; default everybody.
     *
     * @param value the readers
     */
    public Builder privacy(Privacy value) {
      privacy = value;
      return this;
    }

    /** Requires the model to retain its other abilities. */
    public Builder keepsAbilities() {
      keepsAbilities = true;
      return this;
    }

    /**
     * Adds the score of a strategy that was tried.
     *
     * @param score its score, higher is better, by the same metric for all
     */
    public Builder tried(Strategy strategy, double score) {
      tried.put(strategy, score);
      return this;
    }

    /**
     * Sets the target score.
     *
     * @param score the smallest sufficient score
     */
    public Builder target(double score) {
      target = OptionalDouble.of(score);
      return this;
    }

    /**
     * Builds the requirements.
     *
     * @return the requirements
     * @throws IllegalArgumentException if a number is out of its range
     */
    public Requirements build() {
      return new Requirements(
          needs,
          updates,
          documentTokens,
          examples,
          preferencePairs,
          parameters,
          trainingBytes,
          contextTokens,
          latency,
          citations,
          privacy,
          keepsAbilities,
          tried,
          target);
    }
  }
}
