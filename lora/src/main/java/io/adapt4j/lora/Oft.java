package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.oft.OftUpdates;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * OFT (Qiu et al. 2023): the base is frozen, and blocks of the input of each targeted projection
 * are rotated by trained orthogonal matrices, which keeps the lengths of the weights and the angles
 * between them. Saved as a PEFT adapter folder.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Oft implements FineTuningMethod {

  private final ProjectionConfig config;

  Oft(ProjectionConfig config) {
    this.config = config;
  }

  ProjectionConfig config() {
    return config;
  }

  /**
   * Starts a new adapter on all linear projections.
   *
   * @param size number of inputs in a block, at least 1; where it does not divide the inputs, the
   *     nearest divisor. PEFT's default is 32
   * @return the method with every other option at its default
   * @throws IllegalArgumentException if the size is below 1
   */
  public static Oft blockSize(int size) {
    return new Oft(ProjectionConfig.of(OftUpdates.KIND)).sized(0, size);
  }

  /**
   * Starts a new adapter on all linear projections.
   *
   * @param count number of blocks, at least 1; where it does not divide the inputs, the nearest
   *     divisor (PEFT's {@code r})
   * @return the method with every other option at its default
   * @throws IllegalArgumentException if the number is below 1
   */
  public static Oft blocks(int count) {
    return new Oft(ProjectionConfig.of(OftUpdates.KIND)).sized(count, 0);
  }

  Oft sized(int blocks, int size) {
    return new Oft(
        config.with(
            JsonNodeFactory.instance.objectNode().put("r", blocks).put("oft_block_size", size)));
  }

  /**
   * Continues training a stored adapter, with its options and values.
   *
   * @param adapter a PEFT folder
   * @return the method
   * @throws CheckpointException if {@code adapter_config.json} is missing, malformed or asks for
   *     something unsupported
   */
  public static Oft continuing(Path adapter) {
    Texts.require("adapter", adapter);
    return new Oft(ProjectionConfig.continuing(OftUpdates.KIND, adapter));
  }

  /**
   * Limits the rotations (PEFT's {@code coft}).
   *
   * @param limit length of the skew-symmetric matrices, divided by the root of their number; PEFT's
   *     default is 6e-5
   * @return a changed copy
   * @throws IllegalArgumentException if it is not positive
   */
  public Oft constrained(double limit) {
    return new Oft(config.with("eps", limit).with("coft", true));
  }

  /**
   * Rotates all blocks of a projection alike.
   *
   * @return a changed copy
   */
  public Oft shareBlocks() {
    return new Oft(config.with("block_share", true));
  }

  /**
   * Computes rotations by Cayley's transform instead of a series, which is exact and slower.
   *
   * @return a changed copy
   */
  public Oft exactRotations() {
    return new Oft(config.with("use_cayley_neumann", false));
  }

  /**
   * Sets the number of terms of the series; PEFT's default is 5.
   *
   * @param terms at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public Oft terms(int terms) {
    return new Oft(config.with("num_cayley_neumann_terms", terms));
  }

  /**
   * Chooses the adapted projections.
   *
   * @param targets all, by name, or by regular expression
   * @return a changed copy
   */
  public Oft targets(Targets targets) {
    return new Oft(ProjectionMethods.targets(config, targets));
  }

  /**
   * Excludes some of the targeted projections.
   *
   * @param modules by name or by regular expression
   * @return a changed copy
   * @throws IllegalArgumentException if given all projections
   */
  public Oft exclude(Targets modules) {
    return new Oft(ProjectionMethods.without(config, modules));
  }

  /**
   * Adapts only some layers.
   *
   * @param numbers layer numbers from 0; none for all layers
   * @return a changed copy
   * @throws IllegalArgumentException if a number is negative
   */
  public Oft layers(int... numbers) {
    return new Oft(ProjectionMethods.layers(config, numbers));
  }

  /**
   * Sets modules that train in full and are saved with the adapter, like {@link
   * Lora#modulesToSave}.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Oft modulesToSave(String... modules) {
    return new Oft(ProjectionMethods.saving(config, List.of(modules)));
  }

  @Override
  public String description() {
    return config.description();
  }
}
