package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.ExtraTensor;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.metadata.Facts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of a file to be written, in order. */
public final class TensorList {

  private static final String EXPERTS = "_exps.";

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\..*");

  /** A tensor before its type is chosen. */
  private record Planned(
      String name,
      List<Long> shape,
      Supplier<Rows> rows,
      List<FourBitStack.Expert> fourBit,
      boolean isSmall) {

    Planned(String name, List<Long> shape, Supplier<Rows> rows) {
      this(name, shape, rows, List.of(), false);
    }

    Planned withShape(List<Long> other) {
      return new Planned(name, other, rows, fourBit, isSmall);
    }

    Planned withFourBit(List<FourBitStack.Expert> stored) {
      return new Planned(name, shape, rows, stored, isSmall);
    }

    /** Returns the number of experts whose matrices or biases it holds; 0 if none. */
    long experts() {
      return name.contains(EXPERTS) ? shape.get(shape.size() - 1) : 0;
    }
  }

  /** An expert's part of a stacked tensor. */
  private record Part(String name, Layout layout) {}

  private final List<Planned> tensors;

  private TensorList(List<Planned> tensors) {
    this.tensors = tensors;
  }

  /**
   * Lists the tensors of a model in the order of its checkpoint, as the official converter does.
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
    Map<String, List<Long>> unread = family.unreadTensors(weights.config());
    List<String> names = new ArrayList<>(weights.shapes().keySet());
    names.addAll(unread.keySet());
    names.removeIf(name -> isKey(name, family, facts));
    names.stream().filter(family::mustBeZero).forEach(weights::requireZero);
    names.removeIf(family::mustBeZero);
    names.sort(Comparator.comparing(weights::position));
    Map<String, SortedMap<Integer, Part>> stacks = new LinkedHashMap<>();
    for (String name : names) {
      List<Place> places = family.toGguf(name, weights.config());
      if (places.isEmpty()) {
        throw new CheckpointException(
            "tensor '"
                + name
                + "': GGUF files of "
                + family.modelType()
                + " models have no place for it. Export a checkpoint without it.");
      }
      for (Place place : places) {
        List<Long> unreadShape = unread.get(name);
        if (unreadShape != null) {
          tensors.add(
              new Planned(
                  place.name(),
                  place.layout().ggufShape(unreadShape),
                  () -> weights.unread(name, unreadShape)));
          continue;
        }
        if (place.expert() == Place.ALONE) {
          tensors.add(planned(weights, name, place.name(), place.layout()));
          continue;
        }
        SortedMap<Integer, Part> stack = stacks.get(place.name());
        if (stack == null) {
          SortedMap<Integer, Part> parts = new TreeMap<>();
          stacks.put(place.name(), parts);
          // At the position of its first expert; the others join it.
          tensors.add(new Planned(place.name(), List.of(), () -> stacked(weights, parts)));
          stack = parts;
        }
        stack.put(place.expert(), new Part(name, place.layout()));
      }
    }
    tensors.replaceAll(
        tensor ->
            stacks.containsKey(tensor.name())
                ? tensor
                    .withShape(stackShape(weights, stacks.get(tensor.name())))
                    .withFourBit(fourBit(weights, stacks.get(tensor.name())))
                : tensor);
    if (family.requiresOutput() && !weights.shapes().containsKey(weights.headName())) {
      tensors.add(
          planned(weights, weights.embeddingName(), GgufFamily.OUTPUT, family.tiedOutput(facts)));
    }
    return new TensorList(List.copyOf(tensors));
  }

  /** Returns whether a tensor is a scalar of a layer that files store as a key. */
  private static boolean isKey(String name, GgufFamily family, Facts facts) {
    return family.layerValues().stream()
        .anyMatch(values -> values.contains(name, facts.decoder().layers()));
  }

  private static Planned planned(ModelWeights weights, String stored, String name, Layout layout) {
    return new Planned(
        name,
        layout.ggufShape(shape(weights, stored)),
        () ->
            layout.turnsStack()
                ? turned(weights.rows(stored), layout)
                : new PlacedRows(weights.rows(stored), layout));
  }

  /** Returns a stack with each matrix transposed. */
  private static Rows turned(Rows source, Layout layout) {
    int columns = source.columns();
    float[] stored = new float[Math.toIntExact(source.rows() * columns)];
    source.read(0, Math.toIntExact(source.rows()), stored, 0);
    int width = Math.toIntExact(layout.order().rows(source.rows()) / layout.groups());
    long rows = (long) columns * layout.groups();
    float[] values = new float[Math.toIntExact(rows * width)];
    for (int i = 0; i < values.length; i++) {
      values[i] = stored[Math.toIntExact(layout.turned(i / width, i % width, rows, width))];
    }
    return new MemoryRows(values, width);
  }

  private static List<Long> shape(ModelWeights weights, String name) {
    return Objects.requireNonNull(weights.shapes().get(name), name);
  }

  private static List<Long> stackShape(ModelWeights weights, SortedMap<Integer, Part> parts) {
    Part first = Objects.requireNonNull(parts.get(parts.firstKey()));
    List<Long> shape = new ArrayList<>(first.layout().ggufShape(shape(weights, first.name())));
    shape.add((long) parts.size());
    return List.copyOf(shape);
  }

  /** Returns the 4-bit weights of experts; empty unless all are stored so and unchanged. */
  private static List<FourBitStack.Expert> fourBit(
      ModelWeights weights, SortedMap<Integer, Part> parts) {
    List<FourBitStack.Expert> experts = new ArrayList<>();
    for (Part part : parts.values()) {
      weights
          .fourBit(part.name())
          .ifPresent(
              file ->
                  experts.add(
                      new FourBitStack.Expert(file, weights.stored(part.name()), part.layout())));
    }
    return experts.size() == parts.size() ? List.copyOf(experts) : List.of();
  }

  private static Rows stacked(ModelWeights weights, SortedMap<Integer, Part> parts) {
    return new StackedRows(
        parts.values().stream()
            .map(
                part ->
                    (Supplier<Rows>) () -> new PlacedRows(weights.rows(part.name()), part.layout()))
            .toList());
  }

  /** Adds matrices that are not in the checkpoint itself. */
  public TensorList plus(List<ExtraMatrix> matrices) {
    List<Planned> all = new ArrayList<>(tensors);
    for (ExtraMatrix matrix : matrices) {
      all.add(
          new Planned(
              matrix.name(),
              List.of((long) matrix.in(), (long) matrix.out()),
              () -> new MemoryRows(matrix.weight(), matrix.in()),
              List.of(),
              matrix.isSmall()));
    }
    return new TensorList(List.copyOf(all));
  }

  /** Orders the tensors as llama.cpp's quantizer does. */
  public TensorList byLayer() {
    List<Planned> sorted = new ArrayList<>();
    tensors.forEach(tensor -> sorted.add(tensor.withShape(withoutOnes(tensor.shape()))));
    sorted.sort(
        Comparator.<Planned>comparingInt(tensor -> layer(tensor.name()))
            .thenComparing(Planned::name));
    return new TensorList(sorted);
  }

  private static List<Long> withoutOnes(List<Long> shape) {
    int dimensions = shape.size();
    while (dimensions > 1 && shape.get(dimensions - 1) == 1) {
      dimensions--;
    }
    return shape.subList(0, dimensions);
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

  /** Returns the number of active parameters per token with one expert per layer. */
  public long parametersOfOneExpert() {
    return tensors.stream()
        .mapToLong(
            tensor -> {
              long all = tensor.shape().stream().reduce(1L, Math::multiplyExact);
              return tensor.experts() > 0 ? all / tensor.experts() : all;
            })
        .sum();
  }

  /** {@return the number of experts; 0 if there are none} */
  public long experts() {
    return tensors.stream().mapToLong(Planned::experts).max().orElse(0);
  }

  public boolean has(String name) {
    return tensors.stream().anyMatch(tensor -> tensor.name().equals(name));
  }

  /** {@return the number of tensors with value projections, separate or fused} */
  public int valueTensors() {
    return (int)
        tensors.stream()
            .filter(
                tensor ->
                    tensor.name().contains("attn_v.weight")
                        || tensor.name().contains("attn_qkv.weight"))
            .count();
  }

  /** Prepares the tensors for writing. */
  public List<TensorSource> sources(
      TypeMix types, Map<String, float[]> importance, ExecutorService workers) {
    List<TensorSource> sources = new ArrayList<>();
    for (Planned tensor : tensors) {
      TensorType type =
          tensor.isSmall() ? TensorType.F32 : types.next(tensor.name(), tensor.shape());
      if (!tensor.fourBit().isEmpty()) {
        sources.add(new FourBitStack(tensor.name(), tensor.shape(), tensor.fourBit()));
        continue;
      }
      sources.add(
          new QuantizedRows(
              tensor.name(),
              tensor.shape(),
              type,
              tensor.rows(),
              importance.get(tensor.name()),
              workers));
    }
    return sources;
  }
}
