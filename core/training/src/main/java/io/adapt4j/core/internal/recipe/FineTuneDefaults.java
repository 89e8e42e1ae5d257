package io.adapt4j.core.internal.recipe;

/**
 * Default settings of {@code FineTuner} that do not depend on method and task. For the learning
 * rate, epochs, batch size and warmup, which do, see {@code TrainingDefaults}.
 */
public final class FineTuneDefaults {

  /** Decoupled weight decay. */
  public static final double WEIGHT_DECAY = 0.01;

  /** Gradient clipping norm. */
  public static final double MAX_GRADIENT_NORM = 1.0;

  /** Maximum number of consecutive steps with non-finite values. */
  public static final int MAX_SKIPPED_STEPS = 5;

  /** Seed of all random choices. */
  public static final long SEED = 42;

  /** Maximum example length in tokens, even if the model allows more. */
  public static final int MAX_LENGTH = 1024;

  /** Number of validation rows answered at each evaluation. */
  public static final int EVALUATION_SAMPLES = 3;

  /** Number of states kept to resume from. */
  public static final int SAVE_LIMIT = 2;

  private FineTuneDefaults() {}
}
