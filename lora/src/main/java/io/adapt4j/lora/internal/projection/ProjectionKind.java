package io.adapt4j.lora.internal.projection;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  /** Creates the update of a projection, without effect unless the options ask for one. */
  ProjectionUpdate update(ProjectionConfig config, Site site);

  /** Returns whether the updates are products of thin matrices. */
  default boolean hasProducts(ProjectionConfig config) {
    return false;
  }
}
