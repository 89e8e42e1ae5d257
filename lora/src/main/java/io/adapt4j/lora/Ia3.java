package io.adapt4j.lora;

import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.ia3.Ia3Vectors;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import java.util.List;

/**
 * (IA)3 (Liu et al. 2022): the base is frozen, and learned vectors rescale keys, values and the
 * input of the MLP's down projection. Trains a few hundredths of a percent of the parameters and
 * needs a high learning rate: the default is 3e-3 for next-token prediction. Saved as a PEFT
 * adapter folder.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Ia3 implements FineTuningMethod {

  private final ProjectionConfig config;

  Ia3(ProjectionConfig config) {
    this.config = config;
  }

  ProjectionConfig config() {
    return config;
  }

  /**
   * Creates the method with PEFT's default modules for a family: keys, values and the MLP's down
   * projection.
   *
   * @return the method
   */
  public static Ia3 create() {
    return new Ia3(ProjectionConfig.of(Ia3Vectors.KIND));
  }

  /**
   * Sets the modules.
   *
   * @param targets projections to scale
   * @param feedforward those of them scaled at their input
   * @return a changed copy
   */
  public Ia3 targets(Targets targets, Targets feedforward) {
    return new Ia3(
        Ia3Vectors.choose(config, DescribedTargets.of(targets), DescribedTargets.of(feedforward)));
  }

  /**
   * Sets modules that train in full and are saved with the vectors, like {@link
   * Lora#modulesToSave}. Classification heads are included automatically.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Ia3 modulesToSave(String... modules) {
    return new Ia3(ProjectionMethods.saving(config, List.of(modules)));
  }

  @Override
  public String description() {
    return Ia3Vectors.description(config);
  }
}
