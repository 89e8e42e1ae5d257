package io.adapt4j.lora.internal.ia3;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.peft.ModelTask;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Application of an (IA)3 configuration to one model. Needs no weights.
 *
 * @param scaled the scaled projections, in the order of the model
 * @param fanInFanOut whether checkpoints store their weights as [in, out]
 */
record Ia3Plan(
    Optional<String> taskType,
    List<Ia3Linear.Scaled> scaled,
    SavedModules saved,
    boolean fanInFanOut,
    List<String> problems) {

  static Ia3Plan of(Ia3Config config, Network network) {
    List<Ia3Linear.Scaled> scaled = new ArrayList<>();
    SavedModules saved = SavedModules.of(config.modulesToSave(), network);
    Optional<String> taskType = ModelTask.type(network);
    List<String> problems = new ArrayList<>();
    ModelTask.otherTask(config.source(), taskType).ifPresent(problems::add);
    List<LinearSlot> slots = network.linears();
    for (int i = 0; i < slots.size(); i++) {
      for (Linear.Part part : slots.get(i).parts()) {
        if (config.modules().matches(part.path()) && !saved.holds(part.path())) {
          boolean feedforward = config.isFeedforward(part.path());
          scaled.add(
              new Ia3Linear.Scaled(i, part, slots.get(i).linear().inFeatures(), feedforward));
          if (feedforward && slots.get(i).parts().size() > 1) {
            problems.add(
                part.path()
                    + " shares its input with other projections, so (IA)3 cannot scale it; leave"
                    + " it out of the feedforward modules.");
          }
        }
      }
    }
    problems.addAll(
        SavedModules.problems(config.modulesToSave(), network, Set.copyOf(saved.tensors())));
    if (scaled.isEmpty()) {
      problems.add(
          "The (IA)3 targets %s match no projection; %s."
              .formatted(config.modules(), PeftNames.choices(network)));
    }
    return new Ia3Plan(
        taskType, List.copyOf(scaled), saved, transposed(network, scaled), List.copyOf(problems));
  }

  private static boolean transposed(Network network, List<Ia3Linear.Scaled> scaled) {
    return network.transposedTensors().stream()
        .anyMatch(
            name -> scaled.stream().anyMatch(part -> name.equals(part.part().path() + ".weight")));
  }

  long trainableParameters() {
    long count = vectorValues();
    for (List<Long> shape : saved.shapes().values()) {
      count += shape.stream().reduce(1L, Math::multiplyExact);
    }
    return count;
  }

  private long vectorValues() {
    return scaled.stream().mapToLong(Ia3Linear.Scaled::count).sum();
  }

  /** Returns the trainable summary for memory estimates. */
  TrainableSummary trainableSummary(TrainableSummary.Adapters adapters) {
    List<TrainableSummary.Rescaling> rescalings =
        scaled.stream()
            .map(part -> new TrainableSummary.Rescaling(part.slot(), part.feedforward()))
            .distinct()
            .toList();
    return new TrainableSummary(
        Set.copyOf(saved.tensors()),
        List.of(),
        saved.untiesHead(),
        vectorValues(),
        rescalings,
        adapters);
  }

  /** Returns whether adapters of the two plans are interchangeable. */
  boolean sameAs(Ia3Plan other) {
    return scaled.equals(other.scaled) && saved.tensors().equals(other.saved.tensors());
  }

  /** Returns the dimensions of an adapter file's tensors, by name. */
  private Map<String, List<Long>> tensors() {
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    scaled.forEach(part -> tensors.put(part.name(), part.shape()));
    saved.shapes().forEach((name, shape) -> tensors.put(PeftNames.base(name), shape));
    return tensors;
  }

  /** Compares a file's tensors with those of this plan; one entry per difference. */
  List<String> differences(Map<String, List<Long>> stored) {
    List<String> differences = new ArrayList<>();
    Map<String, List<Long>> unused = new TreeMap<>(stored);
    tensors()
        .forEach(
            (name, shape) -> {
              List<Long> found = unused.remove(name);
              if (found == null) {
                differences.add(name + " " + shape + " is missing");
              } else if (!found.equals(shape)) {
                differences.add(name + " is " + found + " where this model needs " + shape);
              }
            });
    unused.forEach((name, shape) -> differences.add(name + " " + shape + " has no place"));
    return differences;
  }
}
