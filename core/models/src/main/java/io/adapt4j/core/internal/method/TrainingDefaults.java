package io.adapt4j.core.internal.method;

import io.adapt4j.core.method.FineTuningMethod;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Default hyperparameters and usual learning rates, which depend on method and task. A {@link
 * FineTuningMethod} states them in {@link MethodMechanics#defaults}; the tables of the built-in
 * methods are here, each row with its source. Rates apply to AdamW and similar optimizers.
 */
public record TrainingDefaults(
    String method,
    TaskKind task,
    double learningRate,
    double lowestRate,
    double highestRate,
    int epochs,
    int batchSize,
    double warmupRatio,
    String source) {

  public static final int EPOCHS = 3;

  /**
   * Epochs over preferences, rankings and prompts, as in the recipes of TRL and for InstructGPT's
   * reward model: more epochs overfit the comparisons.
   */
  public static final int EPOCHS_OF_COMPARISONS = 1;

  /** Default number of examples in a micro-batch. */
  public static final int BATCH_SIZE = 8;

  /** The smaller of the two batch sizes that BERT was fine-tuned with (Devlin et al. 2019, A.3). */
  public static final int BATCH_SIZE_OF_CLASSIFICATION = 16;

  /** Batch size for in-batch negatives, of which Sentence Transformers recommends many. */
  public static final int BATCH_SIZE_OF_EMBEDDINGS = 32;

  /** Share of the steps used for warmup (Alpaca, QLoRA). */
  public static final double WARMUP_RATIO = 0.03;

  /**
   * Warmup share for embeddings, preferences and reinforcement learning, as in Sentence
   * Transformers and Zephyr's DPO.
   */
  public static final double LONG_WARMUP_RATIO = 0.1;

  /** Full fine-tuning: pre-trained weights move, so a high rate causes forgetting. */
  private static final Map<TaskKind, Rates> FULL = new EnumMap<>(TaskKind.class);

  /** LoRA, DoRA, QLoRA: the best rate is about ten times that of full fine-tuning. */
  private static final Map<TaskKind, Rates> LOW_RANK = new EnumMap<>(TaskKind.class);

  /** (IA)3 and similar: vectors that scale activations start at 1 and have to move far. */
  private static final Map<TaskKind, Rates> SCALING = new EnumMap<>(TaskKind.class);

  private static final String TEN_TIMES =
      "ten times full fine-tuning's, as in LoRA Without Regret (Schulman et al. 2025)";

  static {
    FULL.put(
        TaskKind.NEXT_TOKENS,
        new Rates(2e-5, 1e-6, 5e-5, "Stanford Alpaca 2e-5; TRL's SFTConfig 2e-5"));
    FULL.put(
        TaskKind.CLASSIFICATION,
        new Rates(5e-5, 1e-6, 1e-4, "BERT, 2e-5 to 5e-5 (Devlin et al. 2019, A.3)"));
    FULL.put(
        TaskKind.MASKED_TOKENS,
        new Rates(5e-5, 1e-6, 1e-4, "Transformers' run_mlm 5e-5; BERT's pre-training 1e-4"));
    FULL.put(TaskKind.EMBEDDINGS, new Rates(2e-5, 1e-6, 5e-5, "Sentence Transformers 2e-5"));
    FULL.put(
        TaskKind.RERANKING,
        new Rates(6e-6, 1e-6, 5e-5, "ms-swift's examples of Qwen3-Reranker 6e-6"));
    FULL.put(
        TaskKind.PREFERENCE,
        new Rates(5e-7, 1e-7, 5e-6, "TRL's dpo.py 5e-7; Zephyr 5e-7; KTO 5e-7 to 5e-6"));
    FULL.put(
        TaskKind.PREFERENCE_WITHOUT_REFERENCE,
        new Rates(1e-6, 1e-7, 1e-5, "SimPO 3e-7 to 1e-6; ORPO 5e-6 to 8e-6; TRL's CPOConfig 1e-6"));
    FULL.put(TaskKind.REWARD, new Rates(1e-5, 1e-6, 5e-5, "TRL's reward_modeling.py 1e-5"));
    FULL.put(TaskKind.REINFORCEMENT, new Rates(1e-6, 1e-7, 1e-5, "TRL's GRPOConfig 1e-6"));

    LOW_RANK.put(
        TaskKind.NEXT_TOKENS,
        new Rates(2e-4, 1e-5, 2e-3, "QLoRA 2e-4 (Dettmers et al. 2023, B.2); TRL 1e-4"));
    LOW_RANK.put(
        TaskKind.CLASSIFICATION,
        new Rates(
            2e-4,
            5e-5,
            5e-3,
            "measured, with a fitted classifier; LoRA, 4e-4 to 5e-4 for GLUE (Hu et al. 2021,"
                + " table 9)"));
    LOW_RANK.put(TaskKind.MASKED_TOKENS, new Rates(5e-4, 5e-5, 2e-3, TEN_TIMES));
    LOW_RANK.put(
        TaskKind.EMBEDDINGS,
        new Rates(5e-5, 1e-5, 5e-4, "Sentence Transformers' adapter example 2e-5; measured"));
    LOW_RANK.put(TaskKind.RERANKING, new Rates(6e-5, 1e-5, 5e-4, TEN_TIMES));
    LOW_RANK.put(
        TaskKind.PREFERENCE, new Rates(5e-6, 5e-7, 5e-5, "TRL's dpo.py with LoRA 5e-6; TRL 1e-5"));
    LOW_RANK.put(TaskKind.PREFERENCE_WITHOUT_REFERENCE, new Rates(1e-5, 1e-6, 1e-4, TEN_TIMES));
    LOW_RANK.put(
        TaskKind.REWARD, new Rates(1e-4, 1e-5, 1e-3, "TRL's reward_modeling.py with LoRA 1e-4"));
    LOW_RANK.put(
        TaskKind.REINFORCEMENT,
        new Rates(1e-4, 5e-6, 5e-4, "measured: at 1e-5 a small model's reward does not move"));

    String scaling = "(IA)3 3e-3 (Liu et al. 2022, 3.3); PEFT's examples 3e-3 to 8e-3";
    String preferring = "(IA)3's 3e-3 by the ratio of LoRA's rates for this task";
    SCALING.put(TaskKind.NEXT_TOKENS, new Rates(3e-3, 3e-4, 3e-2, scaling));
    SCALING.put(TaskKind.CLASSIFICATION, new Rates(3e-3, 3e-4, 3e-2, scaling));
    SCALING.put(TaskKind.MASKED_TOKENS, new Rates(3e-3, 3e-4, 3e-2, scaling));
    SCALING.put(TaskKind.EMBEDDINGS, new Rates(1e-3, 1e-4, 1e-2, preferring));
    SCALING.put(TaskKind.RERANKING, new Rates(1e-3, 1e-4, 1e-2, preferring));
    SCALING.put(TaskKind.PREFERENCE, new Rates(1e-4, 1e-5, 3e-3, preferring));
    SCALING.put(TaskKind.PREFERENCE_WITHOUT_REFERENCE, new Rates(2e-4, 2e-5, 3e-3, preferring));
    SCALING.put(TaskKind.REWARD, new Rates(3e-3, 3e-4, 3e-2, scaling));
    SCALING.put(TaskKind.REINFORCEMENT, new Rates(1.5e-3, 1e-4, 1e-2, preferring));
  }

  /** A row of a table. */
  private record Rates(double rate, double lowest, double highest, String source) {}

  /** Checks the values. */
  public TrainingDefaults {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(task, "task");
    Objects.requireNonNull(source, "source");
    if (!(lowestRate > 0 && lowestRate <= learningRate && learningRate <= highestRate)) {
      throw new IllegalArgumentException(
          "learningRate: expected %s, the lowest usual rate, to %s, the highest, found %s"
              .formatted(lowestRate, highestRate, learningRate));
    }
    if (epochs < 1 || batchSize < 1 || !(warmupRatio >= 0 && warmupRatio <= 1)) {
      throw new IllegalArgumentException(
          ("expected at least 1 epoch, a batchSize of at least 1 and a warmupRatio from 0 to"
                  + " 1, found %s, %s and %s")
              .formatted(epochs, batchSize, warmupRatio));
    }
  }

  public static TrainingDefaults fullFineTuning(TaskKind task) {
    return of("full fine-tuning", task, FULL);
  }

  /** Returns the defaults of low-rank adapters such as LoRA. */
  public static TrainingDefaults lowRank(String method, TaskKind task) {
    return of(method, task, LOW_RANK);
  }

  /** Returns the defaults of vectors that scale activations, such as (IA)3. */
  public static TrainingDefaults scaling(String method, TaskKind task) {
    return of(method, task, SCALING);
  }

  private static TrainingDefaults of(String method, TaskKind task, Map<TaskKind, Rates> table) {
    Rates rates = Objects.requireNonNull(table.get(task), () -> "no rates for " + task);
    return new TrainingDefaults(
        method,
        task,
        rates.rate(),
        rates.lowest(),
        rates.highest(),
        epochsOf(task),
        batchSizeOf(task),
        warmupRatioOf(task),
        rates.source());
  }

  private static int epochsOf(TaskKind task) {
    return switch (task) {
      case PREFERENCE, PREFERENCE_WITHOUT_REFERENCE, REWARD, REINFORCEMENT, RERANKING ->
          EPOCHS_OF_COMPARISONS;
      case NEXT_TOKENS, CLASSIFICATION, MASKED_TOKENS, EMBEDDINGS -> EPOCHS;
    };
  }

  private static int batchSizeOf(TaskKind task) {
    return switch (task) {
      case CLASSIFICATION -> BATCH_SIZE_OF_CLASSIFICATION;
      case EMBEDDINGS -> BATCH_SIZE_OF_EMBEDDINGS;
      case NEXT_TOKENS,
          MASKED_TOKENS,
          PREFERENCE,
          PREFERENCE_WITHOUT_REFERENCE,
          REWARD,
          RERANKING,
          REINFORCEMENT ->
          BATCH_SIZE;
    };
  }

  private static double warmupRatioOf(TaskKind task) {
    return switch (task) {
      case EMBEDDINGS, PREFERENCE, PREFERENCE_WITHOUT_REFERENCE, REINFORCEMENT -> LONG_WARMUP_RATIO;
      case NEXT_TOKENS, CLASSIFICATION, MASKED_TOKENS, REWARD, RERANKING -> WARMUP_RATIO;
    };
  }

  /** Scales the rates, for a method that multiplies some of them. */
  public TrainingDefaults scaledRates(String name, double factor) {
    return new TrainingDefaults(
        name,
        task,
        learningRate * factor,
        lowestRate * factor,
        highestRate * factor,
        epochs,
        batchSize,
        warmupRatio,
        source);
  }

  /** Returns the method and task in words. */
  public String purpose() {
    return method + " on " + task.text();
  }

  /** Describes the usual rates and their source. */
  public String usualRates() {
    return text(lowestRate)
        + " to "
        + text(highestRate)
        + " for "
        + purpose()
        + " ("
        + source
        + ")";
  }

  /** Returns a warning about a rate outside the usual range. */
  public Optional<String> question(double rate) {
    if (rate >= lowestRate * (1 - ROUNDING) && rate <= highestRate * (1 + ROUNDING)) {
      return Optional.empty();
    }
    String why =
        rate > highestRate
            ? "so high a rate makes the model forget what it has learned before, or its loss grow"
                + " instead of fall"
            : "at so low a rate the model hardly learns anything";
    return Optional.of(
        ("learningRate %s is %s what is usual, %s: %s. Set learningRate within that range, or"
                + " leave it out for the default of %s.")
            .formatted(
                text(rate),
                rate > highestRate ? "above" : "below",
                usualRates(),
                why,
                text(learningRate)));
  }

  /** Tolerance for rounding of computed rates, such as ten times 5e-6. */
  private static final double ROUNDING = 1e-9;

  /** Formats a rate, such as {@code 2e-5}. */
  public static String text(double rate) {
    return rate < 1e-3 || rate >= 1e6
        ? String.format(Locale.ROOT, "%.3e", rate).replaceFirst("\\.?0+e", "e")
        : plain(rate);
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }
}
