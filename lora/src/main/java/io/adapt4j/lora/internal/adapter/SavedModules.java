package io.adapt4j.lora.internal.adapter;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.VocabularyTables;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Modules that train in full along with an adapter of any kind and are saved with it. */
public record SavedModules(
    List<String> names,
    List<String> tensors,
    Map<String, List<Long>> known,
    boolean untiesHead,
    Map<String, String> copies) {

  /** Names that PEFT adds to the modules to save, whichever of them a model has. */
  private static final List<String> CLASSIFIERS = List.of("classifier", "score");

  public static final String NO_TOKEN_HEAD =
      "The base has no head for masked tokens, and an adapter file has no place for one; train"
          + " in full, or start from a checkpoint saved with the head.";

  public static void requireNames(String... modules) {
    for (String module : modules) {
      if (module.isBlank()) {
        throw new IllegalArgumentException("modulesToSave: expected module names, found a blank");
      }
    }
  }

  /** Returns whether a network has to predict masked tokens without a pretrained head. */
  public static boolean lacksTokenHead(Network declared) {
    return !declared.newTensors().isEmpty()
        && declared instanceof Encoder encoder
        && encoder.predictsTokens();
  }

  public static String unknownModule(String module) {
    return "The module to save '"
        + module
        + "' is not in this model; name a module such as lm_head, embed_tokens or norm.";
  }

  public static SavedModules of(List<String> modules, Network network) {
    Map<String, List<Long>> known = new LinkedHashMap<>(network.allTensors());
    String embedding = network.embedding().slices().get(0).name();
    Optional<String> tiedHead = tiedHead(network);
    tiedHead.ifPresent(head -> known.put(head, known.get(embedding)));
    List<String> tensors = known.keySet().stream().filter(name -> contains(modules, name)).toList();
    boolean unties =
        tiedHead.isPresent() && (tensors.contains(embedding) || tensors.contains(tiedHead.get()));
    return new SavedModules(outermost(modules, paths(network)), tensors, known, unties, Map.of());
  }

  /**
   * Returns the modules that an adapter's configuration names, and the embedding and head that PEFT
   * stores implicitly after resizing.
   */
  public static SavedModules of(
      List<String> modules, Set<String> storedNames, boolean tiesEmbeddings, Network network) {
    SavedModules named = of(modules, network);
    String embedding = network.embedding().slices().get(0).name();
    Optional<String> head = tiedHead(network);
    List<String> vocabulary =
        VocabularyTables.of(network).values().stream()
            .filter(named.known::containsKey)
            .filter(
                tensor ->
                    named.tensors.contains(tensor) || storedNames.contains(PeftNames.base(tensor)))
            .toList();
    boolean unasked = !named.tensors.containsAll(vocabulary);
    boolean both =
        head.isPresent() && vocabulary.contains(embedding) && vocabulary.contains(head.get());
    if (head.isPresent() && !vocabulary.isEmpty() && (tiesEmbeddings || (unasked && both))) {
      List<String> tensors = new ArrayList<>(named.tensors);
      tensors.remove(head.get());
      if (!tensors.contains(embedding)) {
        tensors.add(embedding);
      }
      return new SavedModules(
          named.names, List.copyOf(tensors), named.known, false, Map.of(head.get(), embedding));
    }
    Set<String> tensors = new LinkedHashSet<>(named.tensors);
    tensors.addAll(vocabulary);
    return new SavedModules(
        named.names,
        List.copyOf(tensors),
        named.known,
        named.untiesHead || (head.isPresent() && !vocabulary.isEmpty()),
        Map.of());
  }

  /**
   * Adds the output layers that train in full: classification heads, as PEFT does for {@code
   * SEQ_CLS} and {@code TOKEN_CLS}, and heads that the base lacks.
   */
  public static List<String> withOutput(List<String> modules, Network network) {
    Set<String> all = new LinkedHashSet<>(modules);
    if (network instanceof Encoder encoder && encoder.classes() > 0) {
      all.addAll(CLASSIFIERS);
    }
    for (String tensor : network.outputTensors()) {
      if (network.newTensors().contains(tensor) && !contains(List.copyOf(all), tensor)) {
        String module = PeftNames.module(tensor);
        all.add(module.isEmpty() ? tensor : module);
      }
    }
    return List.copyOf(all);
  }

  /**
   * Returns whether a tensor lies in a module whose path ends with one of the names, as in PEFT.
   */
  public static boolean contains(List<String> modules, String tensor) {
    return ancestors(tensor).stream().anyMatch(path -> matches(modules, path));
  }

  private static boolean matches(List<String> modules, String path) {
    return modules.stream().anyMatch(path::endsWith);
  }

  /** Returns the paths of the modules that a tensor lies in, innermost first. */
  private static List<String> ancestors(String tensor) {
    List<String> paths = new ArrayList<>();
    for (int dot = tensor.lastIndexOf('.'); dot > 0; dot = tensor.lastIndexOf('.', dot - 1)) {
      paths.add(tensor.substring(0, dot));
    }
    return paths;
  }

  /** Returns the paths of all modules that hold tensors. */
  private static Set<String> paths(Network network) {
    Set<String> tensors = new LinkedHashSet<>(network.allTensors().keySet());
    network.packedLinears().forEach(packed -> tensors.addAll(packed.packed()));
    tiedHead(network).ifPresent(tensors::add);
    Set<String> paths = new LinkedHashSet<>();
    tensors.forEach(tensor -> paths.addAll(ancestors(tensor)));
    return paths;
  }

  /** Returns the names without those of modules nested in other named ones. */
  private static List<String> outermost(List<String> modules, Set<String> paths) {
    Set<String> names = new LinkedHashSet<>();
    for (String name : modules) {
      List<String> own = paths.stream().filter(path -> path.endsWith(name)).toList();
      List<String> outer =
          own.stream()
              .filter(path -> ancestors(path).stream().noneMatch(up -> matches(modules, up)))
              .toList();
      if (outer.size() == own.size()) {
        names.add(name);
      } else {
        names.addAll(outer);
      }
    }
    return List.copyOf(names);
  }

  /** Returns the name that a tied head would have if untied; empty if there is none. */
  private static Optional<String> tiedHead(Network network) {
    return network instanceof Decoder decoder && decoder.isStoredTied()
        ? Optional.of(decoder.headName())
        : Optional.empty();
  }

  /** Returns the dimensions of the modules' tensors. */
  public Map<String, List<Long>> shapes() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    tensors.forEach(name -> shapes.put(name, known.get(name)));
    return shapes;
  }

  /** Returns whether a projection trains in full and so gets no adapter. */
  public boolean holds(String path) {
    return tensors.contains(path + ".weight");
  }

  /** Returns names that match no tensor's path. */
  public static List<String> unknown(List<String> modules, Network network) {
    Set<String> paths = paths(network);
    return modules.stream()
        .filter(module -> paths.stream().noneMatch(path -> path.endsWith(module)))
        .toList();
  }

  /** Returns the reasons why the modules cannot be trained or replaced. */
  public static List<String> problems(List<String> modules, Network network, Set<String> brought) {
    List<String> problems = new ArrayList<>();
    for (String name : network.newTensors()) {
      if (!contains(modules, name)) {
        problems.add(
            "The base has no "
                + name
                + ", and the adapter does not bring it; give a base that has it.");
      }
    }
    sharedTensor(network, brought)
        .ifPresent(
            tensor ->
                problems.add(
                    "The adapter brings values for "
                        + tensor
                        + ", which the model whose layers it is to share computes with too; train"
                        + " it without biases, and with no modulesToSave but the output."));
    packedModule(modules, network)
        .ifPresent(
            weight ->
                problems.add(
                    ("modulesToSave %s holds %s, which is held packed and cannot train in"
                            + " full; leave it out, or give the base plain weights.")
                        .formatted(modules, weight)));
    return problems;
  }

  /** Returns a quantized weight in a module that would train in full. */
  private static Optional<String> packedModule(List<String> modules, Network network) {
    return network.packedLinears().stream()
        .flatMap(packed -> packed.packed().stream())
        .filter(weight -> contains(modules, weight))
        .findFirst();
  }

  /** Returns a base tensor whose change would affect another network on the same layers. */
  private static Optional<String> sharedTensor(Network network, Set<String> brought) {
    return network instanceof Encoder encoder && encoder.sharesLayers()
        ? brought.stream().filter(name -> !network.outputTensors().contains(name)).findFirst()
        : Optional.empty();
  }
}
