package io.adapt4j.lora.internal.projection;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A kind of adapter that trains one tensor for each adapted projection. */
public interface ProjectionKind {

  /** Returns the name in messages. */
  String name();

  /** Returns the {@code peft_type}. */
  String type();

  /** Returns the end of the trained tensor's name in PEFT's files. */
  String tensor();

  /** Returns PEFT's default of every field of this kind's configuration. */
  ObjectNode defaults();

  /** Returns the reason why options are refused: the field, what was expected, and a remedy. */
  Optional<Refusal> refusal(ProjectionConfig config);

  /** A refused field of a configuration. */
  record Refusal(String field, String expected, String remedy) {}

  /** Returns the reason why a projection cannot be adapted with these options. */
  Optional<String> problem(ProjectionConfig config, Site site);

  /** Returns the dimensions of the trained tensor. */
  List<Long> shape(ProjectionConfig config, Site site);

  /** Returns the dimensions of further tensors in the file, by the ends of their names. */
  default Map<String, List<Long>> others(ProjectionConfig config, Site site) {
    return Map.of();
  }

  /** Returns whether projections whose weights are stored as [in, out] can be adapted. */
  default boolean adaptsTransposed() {
    return false;
  }

  /** Returns whether all that bears a target's name is adapted, stacked experts too. */
  default boolean adaptsAnywhere() {
    return false;
  }

  /** Returns whether a projection's input is rescaled. */
  default boolean scalesInput(ProjectionConfig config, Site site) {
    return false;
  }

  /** Returns the fields of files that narrow the targets. */
  default Set<String> selecting() {
    return Set.of("exclude_modules", "layers_pattern", "layers_to_transform");
  }

  /** Returns the PEFT version that written files name. */
  default Optional<String> version() {
    return Optional.of("0.20.0");
  }

  /** Rejects options of a file that have a wrong form. */
  default void requireReadable(ConfigReader fields) {}

  /** Returns the configuration for a network, which decides what was left open. */
  default ProjectionConfig completed(ProjectionConfig config, Network network) {
    return config;
  }

  /** Returns all that decides what an adapter of a configuration computes. */
  default String identity(ProjectionConfig config) {
    return name()
        + " "
        + config.options()
        + " targets="
        + config.modules()
        + (config.modulesToSave().isEmpty() ? "" : " modulesToSave=" + config.modulesToSave())
        + config.start().map(folder -> " from " + folder).orElse("");
  }

  default TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.lowRank(name(), task);
  }

  /** Wraps a layer, which is owned from now on; empty if updates of its projections do. */
  default Optional<ProjectionLayer> layer(ProjectionConfig config, Linear base, List<Site> sites) {
    return Optional.empty();
  }

  /** Creates the update of a projection, without effect unless the options ask for one. */
  default ProjectionUpdate update(ProjectionConfig config, Site site) {
    throw new IllegalStateException(name() + " changes whole layers");
  }

  /** Returns the name of the trained tensors in messages. */
  default String tensors() {
    return name();
  }

  /** Returns whether the updates are products of thin matrices. */
  default boolean hasProducts(ProjectionConfig config) {
    return false;
  }
}
