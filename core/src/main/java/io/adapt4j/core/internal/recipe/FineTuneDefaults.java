package io.adapt4j.core.internal.recipe;

/**
 * What {@code FineTuner} does where nothing is said, whatever the method and the task. The learning
 * rate, epochs, batch size and warm-up depend on both: see {@code TrainingDefaults}.
 */
public final class FineTuneDefaults {

  /** Decoupled weight decay. */
  public static final double WEIGHT_DECAY = 0.01;

  /** Limit of the gradients' norm. */
  public static final double MAX_GRADIENT_NORM = 1.0;

  /** Steps in a row that may fail to be finite. */
  public static final int MAX_SKIPPED_STEPS = 5;

  /** Seed of all random choices. */
  public static final long SEED = 42;

  /** Longest example in tokens where the model would take more. */
  public static final int MAX_LENGTH = 1024;

  /** Validation rows answered at each evaluation. */
  public static final int EVALUATION_SAMPLES = 3;

  /** States kept to resume from. */
  public static final int SAVE_LIMIT = 2;

  private FineTuneDefaults() {}
}
