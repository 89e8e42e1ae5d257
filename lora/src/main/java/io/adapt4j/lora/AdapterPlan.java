package io.adapt4j.lora;

import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.Linear;
import io.adapt4j.core.model.LinearSlot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a configuration means for one model: which projections get factors of which shape, and which
 * base tensors train beside them. Needs no weights.
 *
 * @param adapted the adapted projections, in the order of the model
 * @param saved base tensors of modules that train in full
 * @param biases base biases that train, besides those in {@code saved}
 * @param untiesHead whether a tied output head must become a matrix of its own
 * @param shapes dimensions of every base tensor named in {@code saved} and {@code biases}
 * @param problems one sentence each; empty when the plan can be carried out
 */
record AdapterPlan(
    List<Adapted> adapted,
    List<String> saved,
    List<String> biases,
    boolean untiesHead,
    Map<String, List<Long>> shapes,
    List<String> problems) {

  /** Checkpoint name of the output head once it is no longer the embedding. */
  static final String HEAD = "lm_head.weight";

  /**
   * One adapted projection.
   *
   * @param slot index of its place in {@link Decoder#linears}
   * @param part the projection
   * @param in width of its input
   * @param rank rank of its factors
   * @param scale multiplies B A
   */
  record Adapted(int slot, Linear.Part part, long in, int rank, double scale) {

    long count() {
      return rank * (in + part.width());
    }
  }

  static AdapterPlan of(AdapterConfig config, Decoder decoder) {
    Map<String, List<Long>> tensors = new LinkedHashMap<>(decoder.tensors());
    String embedding = decoder.embedding().slices().get(0).name();
    if (decoder.isTied()) {
      tensors.put(HEAD, tensors.get(embedding));
    }
    List<String> saved =
        tensors.keySet().stream().filter(name -> isSaved(name, config.modulesToSave())).toList();
    List<Adapted> adapted = adapted(config, decoder, saved);
    List<String> biases = biases(config.bias(), adapted, tensors.keySet(), saved);
    boolean unties = decoder.isTied() && (saved.contains(embedding) || saved.contains(HEAD));
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    Stream.concat(saved.stream(), biases.stream())
        .forEach(name -> shapes.put(name, tensors.get(name)));
    return new AdapterPlan(
        adapted, saved, biases, unties, shapes, problems(config, decoder, tensors, adapted));
  }

  /** Whether a tensor lies in a module whose path ends with one of the names, as PEFT has it. */
  private static boolean isSaved(String tensor, List<String> modules) {
    for (int dot = tensor.lastIndexOf('.'); dot > 0; dot = tensor.lastIndexOf('.', dot - 1)) {
      String path = tensor.substring(0, dot);
      if (modules.stream().anyMatch(path::endsWith)) {
        return true;
      }
    }
    return false;
  }

  private static List<Adapted> adapted(AdapterConfig config, Decoder decoder, List<String> saved) {
    List<Adapted> adapted = new ArrayList<>();
    List<LinearSlot> slots = decoder.linears();
    for (int i = 0; i < slots.size(); i++) {
      Linear linear = slots.get(i).linear();
      for (Linear.Part part : linear.parts()) {
        String path = part.path();
        if (config.targets().matches(path) && !saved.contains(path + ".weight")) {
          adapted.add(
              new Adapted(i, part, linear.inFeatures(), config.rankOf(path), config.scaleOf(path)));
        }
      }
    }
    return List.copyOf(adapted);
  }

  private static List<String> biases(
      LoraBias bias, List<Adapted> adapted, Set<String> tensors, List<String> saved) {
    Stream<String> biases =
        switch (bias) {
          case NONE -> Stream.empty();
          case ALL -> tensors.stream().filter(name -> name.endsWith(".bias"));
          case LORA_ONLY ->
              adapted.stream().map(one -> one.part().path() + ".bias").filter(tensors::contains);
        };
    return biases.filter(name -> !saved.contains(name)).toList();
  }

  private static List<String> problems(
      AdapterConfig config,
      Decoder decoder,
      Map<String, List<Long>> tensors,
      List<Adapted> adapted) {
    List<String> problems = new ArrayList<>();
    if (!(config.targets() instanceof Targets.AllLinear)) {
      for (String path : otherModules(decoder, tensors.keySet())) {
        if (config.targets().matches(path)) {
          problems.add(
              "The LoRA targets "
                  + config.targets()
                  + " match "
                  + path
                  + ", which is no projection of a decoder layer; name it in modulesToSave to train"
                  + " it in full, or narrow the targets.");
        }
      }
    }
    if (adapted.isEmpty() && problems.isEmpty()) {
      problems.add(
          "The LoRA targets "
              + config.targets()
              + " match no projection that is not trained in full already; "
              + choices(decoder)
              + ".");
    }
    return List.copyOf(problems);
  }

  private static Set<String> otherModules(Decoder decoder, Set<String> tensors) {
    Set<String> linear = paths(decoder).collect(Collectors.toSet());
    return tensors.stream()
        .map(name -> name.substring(0, name.lastIndexOf('.')))
        .filter(path -> !linear.contains(path))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static Stream<String> paths(Decoder decoder) {
    return decoder.linears().stream().flatMap(slot -> slot.parts().stream()).map(Linear.Part::path);
  }

  /** A clause that lists what can be targeted. */
  static String choices(Decoder decoder) {
    List<String> names =
        decoder.linears().stream()
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::name)
            .distinct()
            .toList();
    return "this model has "
        + String.join(", ", names)
        + " in each layer, with paths such as "
        + paths(decoder).findFirst().orElse("(none)");
  }

  /** Names of modules to save that are in no tensor's path. */
  static List<String> unknownModules(AdapterConfig config, Decoder decoder) {
    Set<String> tensors = new LinkedHashSet<>(decoder.tensors().keySet());
    tensors.add(decoder.isTied() ? HEAD : decoder.head().slices().get(0).name());
    return config.modulesToSave().stream()
        .filter(module -> tensors.stream().noneMatch(name -> isSaved(name, List.of(module))))
        .toList();
  }

  /** The number of values that train. */
  long trainableParameters() {
    long count = adapted.stream().mapToLong(Adapted::count).sum();
    for (List<Long> shape : shapes.values()) {
      count += shape.stream().reduce(1L, Math::multiplyExact);
    }
    return count;
  }

  /** Whether an adapter of the other plan can stand in for one of this. */
  boolean sameAs(AdapterPlan other) {
    return adapted.equals(other.adapted)
        && saved.equals(other.saved)
        && biases.equals(other.biases);
  }
}
