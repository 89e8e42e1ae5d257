package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.shira.ShiraUpdates;
import java.nio.file.Path;
import java.util.List;

/**
 * SHiRA (Bhardwaj et al. 2024): the base is frozen except for a few weights of each targeted
 * projection, drawn at random, to which trained values are added. As many values as LoRA of the
 * same rank trains, but an update of full rank that leaves most weights as they were. Saved as a
 * PEFT adapter folder.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Shira implements FineTuningMethod {

  private final ProjectionConfig config;

  Shira(ProjectionConfig config) {
    this.config = config;
  }

  ProjectionConfig config() {
    return config;
  }

  /**
   * Starts a new adapter on all linear projections.
   *
   * @param rank the rank of a LoRA adapter with as many values, at least 1; PEFT's default is 32
   * @return the method with every other option at its default
   * @throws IllegalArgumentException if the rank is below 1
   */
  public static Shira rank(int rank) {
    return new Shira(ProjectionConfig.of(ShiraUpdates.KIND)).sized(rank);
  }

  Shira sized(int rank) {
    return new Shira(config.with("r", rank));
  }

  /**
   * Continues training a stored adapter, with its options, positions and values.
   *
   * @param adapter a PEFT folder
   * @return the method
   * @throws CheckpointException if {@code adapter_config.json} is missing, malformed or asks for
   *     something unsupported
   */
  public static Shira continuing(Path adapter) {
    Texts.require("adapter", adapter);
    return new Shira(ProjectionConfig.continuing(ShiraUpdates.KIND, adapter));
  }

  /**
   * Sets the seed that the positions are drawn with, as PEFT draws them; by default the run's.
   *
   * @param seed PEFT's {@code random_seed}
   * @return a changed copy
   */
  public Shira maskSeed(int seed) {
    return new Shira(config.with("random_seed", seed));
  }

  /**
   * Chooses the adapted projections.
   *
   * @param targets all, by name, or by regular expression
   * @return a changed copy
   */
  public Shira targets(Targets targets) {
    return new Shira(ProjectionMethods.targets(config, targets));
  }

  /**
   * Sets modules that train in full and are saved with the adapter, like {@link
   * Lora#modulesToSave}.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Shira modulesToSave(String... modules) {
    return new Shira(ProjectionMethods.saving(config, List.of(modules)));
  }

  @Override
  public String description() {
    return config.description();
  }
}
