package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Selection of the frozen and trainable parameters of a model. */
public record Freezing(int layers, boolean embeddings, List<String> frozen, List<String> trained) {

  public static final Freezing NONE = new Freezing(0, false, List.of(), List.of());

  public Freezing withLayers(int count) {
    return new Freezing(count, embeddings, frozen, trained);
  }

  public Freezing withEmbeddings() {
    return new Freezing(layers, true, frozen, trained);
  }

  public Freezing withFrozen(String names) {
    return new Freezing(layers, embeddings, joined(frozen, names), trained);
  }

  public Freezing withTrained(String names) {
    return new Freezing(layers, embeddings, frozen, joined(trained, names));
  }

  private static List<String> joined(List<String> present, String more) {
    try {
      Pattern.compile(more);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "expected a regular expression for parameter names, found '" + more + "'", e);
    }
    return Stream.concat(present.stream(), Stream.of(more)).toList();
  }

  /** Returns the checkpoint names of trainable parameters, in model order. */
  public Set<String> trained(Network network) {
    Set<String> still = still(network);
    Set<String> names = new LinkedHashSet<>();
    for (String name : network.tensors().keySet()) {
      boolean wanted = trained.isEmpty() || trained.stream().anyMatch(text -> found(text, name));
      if (wanted && !still.contains(name) && frozen.stream().noneMatch(text -> found(text, name))) {
        names.add(name);
      }
    }
    return names;
  }

  /**
   * Returns the names of parameters that are in frozen layers or embeddings, or never trainable.
   */
  private Set<String> still(Network network) {
    List<Parameter> parameters = new ArrayList<>();
    network.parameters().stream().filter(Parameter::isFixed).forEach(parameters::add);
    if (embeddings) {
      parameters.addAll(network.embeddingParameters());
    }
    for (int i = 0; i < Math.min(layers, network.dimensions().layers()); i++) {
      parameters.addAll(network.layerParameters(i));
    }
    return parameters.stream()
        .flatMap(parameter -> parameter.slices().stream())
        .map(Slice::name)
        .collect(Collectors.toSet());
  }

  private static boolean found(String expression, String name) {
    return Pattern.compile(expression).matcher(name).find();
  }

  public List<String> problems(Network network) {
    List<String> problems = new ArrayList<>();
    int present = network.dimensions().layers();
    if (layers > present) {
      problems.add(
          "freezeFirstLayers is " + layers + ", but the model has " + present + " layers.");
    }
    Set<String> names = network.tensors().keySet();
    for (String expression : Stream.concat(frozen.stream(), trained.stream()).toList()) {
      if (names.stream().noneMatch(name -> found(expression, name))) {
        problems.add(
            "No parameter's name holds '%s'; this model's are such as %s."
                .formatted(expression, String.join(", ", names.stream().limit(4).toList())));
      }
    }
    if (problems.isEmpty() && trained(network).isEmpty()) {
      problems.add("Every parameter is frozen; leave some to train.");
    }
    return List.copyOf(problems);
  }

  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    if (layers > 0) {
      parts.add("first " + layers + " layers frozen");
    }
    if (embeddings) {
      parts.add("embeddings frozen");
    }
    if (!frozen.isEmpty()) {
      parts.add("frozen " + frozen);
    }
    if (!trained.isEmpty()) {
      parts.add("only " + trained);
    }
    return parts.isEmpty() ? "" : " (" + String.join(", ", parts) + ")";
  }
}
