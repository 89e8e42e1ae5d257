package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.internal.family.ExtraTensor;
import io.adapt4j.gguf.internal.family.Facts;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.family.Layout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of a file: which there are, and in which order. */
public final class TensorList {

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\..*");

  /** A tensor before its type is chosen. */
  private record Planned(String name, List<Long> shape, Supplier<Rows> rows) {}

  private final List<Planned> tensors;

  private TensorList(List<Planned> tensors) {
    this.tensors = tensors;
  }

  /**
   * Lists the tensors of a model in the order of its checkpoint, as the official converter does.
   *
   * @param weights the model
   * @param family its family
   * @param facts what its configuration says
   * @return the list
   */
  public static TensorList of(ModelWeights weights, GgufFamily family, Facts facts) {
    List<Planned> tensors = new ArrayList<>();
    for (ExtraTensor extra : family.extraTensors(facts)) {
      float[] values = extra.values();
      tensors.add(
          new Planned(
              extra.name(),
              List.of((long) values.length),
              () -> new MemoryRows(values, values.length)));
    }
    List<String> names = new ArrayList<>(weights.shapes().keySet());
    names.sort(Comparator.comparing(weights::position));
    for (String name : names) {
      List<GgufFamily.Place> places = family.allInGguf(name, weights.config());
      if (places.isEmpty()) {
        throw new CheckpointException(
            "tensor '"
                + name
                + "': GGUF files of "
                + family.modelType()
                + " models have no place for it. Export a checkpoint without it.");
      }
      for (GgufFamily.Place place : places) {
        if (place.expert() == GgufFamily.Place.ALONE) {
          tensors.add(planned(weights, name, place.name(), place.layout()));
        } else if (place.expert() == 0) {
          List<String> experts = experts(weights, family, name, place);
          tensors.add(stack(weights, experts, place));
        }
      }
    }
    if (family.requiresOutput() && !weights.shapes().containsKey(weights.headName())) {
      tensors.add(planned(weights, weights.embeddingName(), GgufFamily.OUTPUT, Layout.SAME));
    }
    return new TensorList(List.copyOf(tensors));
  }

  private static Planned planned(ModelWeights weights, String stored, String name, Layout layout) {
    List<Long> shape = new ArrayList<>(weights.shapes().get(stored));
    if (shape.size() == 2 && shape.get(0) == 1) {
      // A matrix of one row is a vector there.
      shape.remove(0);
    }
    shape.set(0, layout.ggufRows(shape.get(0)));
    Collections.reverse(shape);
    return new Planned(
        name, List.copyOf(shape), () -> new PlacedRows(weights.rows(stored), layout));
  }

  /** The tensors of all experts that stand in one, by number. */
  private static List<String> experts(
      ModelWeights weights, GgufFamily family, String first, GgufFamily.Place place) {
    SortedMap<Integer, String> experts = new TreeMap<>();
    String start = first.substring(0, first.lastIndexOf(".experts.") + 1);
    for (String name : weights.shapes().keySet()) {
      if (name.startsWith(start)) {
        family
            .toGguf(name, weights.config())
            .filter(other -> other.name().equals(place.name()))
            .ifPresent(other -> experts.put(other.expert(), name));
      }
    }
    return List.copyOf(experts.values());
  }

  private static Planned stack(ModelWeights weights, List<String> experts, GgufFamily.Place place) {
    List<Long> shape = new ArrayList<>(weights.shapes().get(experts.get(0)));
    shape.add(0, (long) experts.size());
    Collections.reverse(shape);
    return new Planned(
        place.name(),
        List.copyOf(shape),
        () -> new StackedRows(experts.stream().map(name -> lazily(weights, name, place)).toList()));
  }

  private static Supplier<Rows> lazily(ModelWeights weights, String name, GgufFamily.Place place) {
    return () -> new PlacedRows(weights.rows(name), place.layout());
  }

  /** {@return the same tensors, those outside layers first, then layer by layer, by name} */
  public TensorList byLayer() {
    List<Planned> sorted = new ArrayList<>(tensors);
    sorted.sort(
        Comparator.<Planned>comparingInt(tensor -> layer(tensor.name()))
            .thenComparing(Planned::name));
    return new TensorList(sorted);
  }

  private static int layer(String name) {
    Matcher matcher = LAYER.matcher(name);
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
  }

  /** {@return the number of all values} */
  public long parameters() {
    return tensors.stream()
        .mapToLong(tensor -> tensor.shape().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  /**
   * Returns the number of values that a token is computed with if it goes to one expert.
   *
   * @return as the label of a model's size counts them; all values where there are no experts
   */
  public long parametersOfOneExpert() {
    return tensors.stream()
        .mapToLong(
            tensor -> {
              long all = tensor.shape().stream().reduce(1L, Math::multiplyExact);
              return tensor.shape().size() == 3 ? all / tensor.shape().get(2) : all;
            })
        .sum();
  }

  /** {@return the number of experts; 0 where there are none} */
  public long experts() {
    return tensors.stream()
        .filter(tensor -> tensor.shape().size() == 3)
        .mapToLong(tensor -> tensor.shape().get(2))
        .max()
        .orElse(0);
  }

  /**
   * Returns whether there is a tensor of a name.
   *
   * @param name its name in the file
   * @return whether there is
   */
  public boolean has(String name) {
    return tensors.stream().anyMatch(tensor -> tensor.name().equals(name));
  }

  /** {@return how many tensors hold values of attention, alone or fused} */
  public int valueTensors() {
    return (int)
        tensors.stream()
            .filter(
                tensor ->
                    tensor.name().contains("attn_v.weight")
                        || tensor.name().contains("attn_qkv.weight"))
            .count();
  }

  /**
   * Prepares the tensors for writing.
   *
   * @param types chooses their types
   * @param importance of columns, by a tensor's name; tensors without an entry count evenly
   * @param workers quantize
   * @return the sources in the list's order
   */
  public List<TensorSource> sources(
      TypeMix types, Map<String, float[]> importance, ExecutorService workers) {
    List<TensorSource> sources = new ArrayList<>();
    for (Planned tensor : tensors) {
      sources.add(
          new QuantizedSource(
              tensor.name(),
              tensor.shape(),
              types.next(tensor.name(), tensor.shape()),
              tensor.rows(),
              importance.get(tensor.name()),
              workers));
    }
    return sources;
  }
}
