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
 * What is needed and what there is.
 *
 * @param needs what the model lacks, at least one
 * @param updates how often the facts change
 * @param documentTokens tokens in the documents at hand; 0 if there are none
 * @param examples good pairs of a prompt and its answer at hand
 * @param preferencePairs pairs of a better and a worse answer at hand
 * @param parameters of the model
 * @param trainingBytes memory that training may take; 0 if nothing can be trained
 * @param contextTokens tokens that the model reads at once
 * @param latency the most time an answer may take, where there is a limit
 * @param citations whether an answer must say where it comes from
 * @param privacy who may read the documents
 * @param keepsAbilities whether the model must still do what it could do before
 * @param tried scores of what has been tried, larger where better
 * @param target the score that is good enough, where one is known
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

  /** What a model lacks. */
  public enum Need {
    /** It does not know something. */
    FACTS,
    /** It does not do as it should: tone, reasoning, a skill. */
    BEHAVIOR,
    /** Its answers do not have the form they should have. */
    FORMAT
  }

  /** How often facts change, the slowest first. */
  public enum Updates {
    /** Not within the life of a model. */
    NEVER,
    /** A few times a year. */
    YEARLY,
    /** Every month or so. */
    MONTHLY,
    /** Every week or day. */
    DAILY
  }

  /** Whether an answer must say where it comes from, the smallest first. */
  public enum Citations {
    /** No. */
    UNNEEDED,
    /** It would be better. */
    HELPFUL,
    /** An answer without is no answer. */
    REQUIRED
  }

  /** Who may read the documents, the fewest last. */
  public enum Privacy {
    /** Anybody. */
    PUBLIC,
    /** Whoever may use the model. */
    CONFIDENTIAL,
    /** Some of those who use the model, others other documents. */
    BY_READER
  }

  /**
   * Checks and copies.
   *
   * @param needs what the model lacks, at least one
   * @param updates how often the facts change
   * @param documentTokens tokens in the documents at hand; 0 if there are none
   * @param examples good pairs of a prompt and its answer at hand
   * @param preferencePairs pairs of a better and a worse answer at hand
   * @param parameters of the model
   * @param trainingBytes memory that training may take; 0 if nothing can be trained
   * @param contextTokens tokens that the model reads at once
   * @param latency the most time an answer may take, where there is a limit
   * @param citations whether an answer must say where it comes from
   * @param privacy who may read the documents
   * @param keepsAbilities whether the model must still do what it could do before
   * @param tried scores of what has been tried, larger where better
   * @param target the score that is good enough, where one is known
   * @throws IllegalArgumentException if there is no need, a number is negative, or a score is no
   *     number
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
   * Begins requirements.
   *
   * @param first what the model lacks
   * @param others what it lacks besides
   * @return a builder
   */
  public static Builder needing(Need first, Need... others) {
    return new Builder(EnumSet.of(first, others));
  }

  /**
   * Returns whether the model lacks something.
   *
   * @param need what it may lack
   * @return true if it is among the needs
   */
  public boolean needs(Need need) {
    return needs.contains(need);
  }

  /**
   * Returns whether what was tried is good enough.
   *
   * @param strategy the strategy
   * @return true if it has a score that reaches the target
   */
  public boolean reached(Strategy strategy) {
    return target.isPresent()
        && tried.containsKey(strategy)
        && tried.get(strategy) >= target.getAsDouble();
  }

  /**
   * Returns whether what was tried is not good enough.
   *
   * @param strategy the strategy
   * @return true if it has a score below the target
   */
  public boolean fellShort(Strategy strategy) {
    return target.isPresent()
        && tried.containsKey(strategy)
        && tried.get(strategy) < target.getAsDouble();
  }

  /**
   * Returns whether training fits into memory, by a rough estimate.
   *
   * @param method how the model is trained
   * @return true if it does
   */
  public boolean fits(TuningMethod method) {
    return method.bytes(parameters) <= trainingBytes;
  }

  /** Collects requirements. Unset: no data at hand, a model of 7 billion parameters, no limits. */
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
     * Says how often the facts change; never unless set.
     *
     * @param value how often
     * @return this builder
     */
    public Builder updates(Updates value) {
      updates = value;
      return this;
    }

    /**
     * Says how much there is to read; nothing unless set.
     *
     * @param tokens in all documents
     * @return this builder
     */
    public Builder documentTokens(long tokens) {
      documentTokens = tokens;
      return this;
    }

    /**
     * Says how much there is to train on; nothing unless set.
     *
     * @param count good pairs of a prompt and its answer
     * @return this builder
     */
    public Builder examples(int count) {
      examples = count;
      return this;
    }

    /**
     * Says how many judged pairs of answers there are; none unless set.
     *
     * @param count pairs of a better and a worse answer to one prompt
     * @return this builder
     */
    public Builder preferencePairs(int count) {
      preferencePairs = count;
      return this;
    }

    /**
     * Describes the model.
     *
     * @param count its parameters; 7 billion unless set
     * @param context the tokens that it reads at once; 8192 unless set
     * @return this builder
     */
    public Builder model(long count, int context) {
      parameters = count;
      contextTokens = context;
      return this;
    }

    /**
     * Says what there is to train with; nothing unless set.
     *
     * @param bytes memory of the GPU, or of the machine where the CPU trains
     * @return this builder
     */
    public Builder trainingBytes(long bytes) {
      trainingBytes = bytes;
      return this;
    }

    /**
     * Limits the time of an answer; no limit unless set.
     *
     * @param most the most time an answer may take
     * @return this builder
     */
    public Builder latency(Duration most) {
      latency = Optional.of(most);
      return this;
    }

    /**
     * Says whether answers must name their sources; unneeded unless set.
     *
     * @param value how much they must
     * @return this builder
     */
    public Builder citations(Citations value) {
      citations = value;
      return this;
    }

    /**
     * Says who may read the documents; anybody unless set.
     *
     * @param value who may
     * @return this builder
     */
    public Builder privacy(Privacy value) {
      privacy = value;
      return this;
    }

    /**
     * Says that the model must still do what it could do before.
     *
     * @return this builder
     */
    public Builder keepsAbilities() {
      keepsAbilities = true;
      return this;
    }

    /**
     * Tells of something that was tried.
     *
     * @param strategy what was tried
     * @param score how good it was, larger where better, the same measure for all
     * @return this builder
     */
    public Builder tried(Strategy strategy, double score) {
      tried.put(strategy, score);
      return this;
    }

    /**
     * Says what is good enough.
     *
     * @param score the smallest score that is
     * @return this builder
     */
    public Builder target(double score) {
      target = OptionalDouble.of(score);
      return this;
    }

    /**
     * Makes the requirements.
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
