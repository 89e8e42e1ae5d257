package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.miss.MissUpdates;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * MiSS (Kang et al. 2024): the base is frozen, and each targeted projection gets one trained block
 * of r by the number of its outputs. The input is cut into pieces of r, these are added up, and the
 * sum times the block is added to the output: half of LoRA's values and less memory. Saved as a
 * PEFT adapter folder; {@link #writeLora} converts one exactly.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Miss implements FineTuningMethod {

  private final ProjectionConfig config;

  Miss(ProjectionConfig config) {
    this.config = config;
  }

  ProjectionConfig config() {
    return config;
  }

  /**
   * Starts a new adapter on all linear projections.
   *
   * @param rank r, at least 1; PEFT's default is 64
   * @return the method with every other option at its default
   * @throws IllegalArgumentException if the rank is below 1
   */
  public static Miss rank(int rank) {
    return new Miss(ProjectionConfig.of(MissUpdates.KIND)).sized(rank);
  }

  Miss sized(int rank) {
    return new Miss(config.with("r", rank));
  }

  /**
   * Continues training a stored adapter, with its options and values.
   *
   * @param adapter a PEFT folder
   * @return the method
   * @throws CheckpointException if {@code adapter_config.json} is missing, malformed or asks for
   *     something unsupported
   */
  public static Miss continuing(Path adapter) {
    Texts.require("adapter", adapter);
    return new Miss(ProjectionConfig.continuing(MissUpdates.KIND, adapter));
  }

  /**
   * Writes a stored adapter as the LoRA adapter that computes the same, for programs that know no
   * MiSS.
   *
   * @param adapter the PEFT folder of a MiSS adapter, not of the variant {@link #bat}
   * @param base the base model's folder
   * @param output folder for the LoRA adapter
   * @throws CheckpointException if one of them cannot be read, or the adapter does not fit the base
   */
  public static void writeLora(Path adapter, Path base, Path output) {
    Texts.require("adapter", adapter);
    Texts.require("base", base);
    Texts.require("output", output);
    ConvertedToLora.write(adapter, base, output);
  }

  /**
   * Sets dropout on the updates' input.
   *
   * @param probability in [0, 1)
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public Miss dropout(double probability) {
    return new Miss(config.with("miss_dropout", probability));
  }

  /**
   * Trains fewer values: a block of r by {@code width}, repeated along the outputs (PEFT's {@code
   * mini}).
   *
   * @param width a divisor of the number of outputs of every targeted projection
   * @return a changed copy
   * @throws IllegalArgumentException if it is below 1
   */
  public Miss mini(int width) {
    return new Miss(config.with("mini_r", width).with(MissUpdates.VARIANT, MissUpdates.MINI));
  }

  /**
   * Trains one block of r by r for every r outputs, which also multiplies the base's weight (PEFT's
   * {@code bat}). Needs inputs and outputs that r divides, and forms the update of each weight.
   *
   * @return a changed copy
   */
  public Miss bat() {
    return new Miss(config.with(MissUpdates.VARIANT, MissUpdates.BAT));
  }

  /**
   * Starts at random values instead of zeros (PEFT's {@code init_weights} false).
   *
   * @return a changed copy
   */
  public Miss randomStart() {
    return new Miss(config.with(MissUpdates.VARIANT, false));
  }

  /**
   * Chooses the adapted projections.
   *
   * @param targets all, by name, or by regular expression
   * @return a changed copy
   */
  public Miss targets(Targets targets) {
    return new Miss(ProjectionMethods.targets(config, targets));
  }

  /**
   * Excludes some of the targeted projections.
   *
   * @param modules by name or by regular expression
   * @return a changed copy
   * @throws IllegalArgumentException if given all projections
   */
  public Miss exclude(Targets modules) {
    return new Miss(ProjectionMethods.without(config, modules));
  }

  /**
   * Adapts only some layers.
   *
   * @param numbers layer numbers from 0; none for all layers
   * @return a changed copy
   * @throws IllegalArgumentException if a number is negative
   */
  public Miss layers(int... numbers) {
    return new Miss(ProjectionMethods.layers(config, numbers));
  }

  /**
   * Sets modules that train in full and are saved with the adapter, like {@link
   * Lora#modulesToSave}.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Miss modulesToSave(String... modules) {
    return new Miss(ProjectionMethods.saving(config, List.of(modules)));
  }

  @Override
  public String description() {
    return config.description();
  }
}
