package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Factors of experts whose weights lie in one tensor, as PEFT stores those of {@code
 * target_parameters}: A [experts * rank, in] and B [out, rank * experts], the expert the fastest,
 * for weights [experts, in, out]. PEFT takes the dimensions of weights in this order: where they
 * are [experts, out, in], the two factors change places.
 *
 * <p>A module with several such parameters is wrapped once for each, the last one outermost.
 */
final class StackedFactors {

  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";
  private static final String WRAPPED = ".base_layer";
  private static final String WEIGHT = ".weight";

  /** Parameters of a module of experts, in the order in which PEFT wraps it. */
  private static final List<String> PARAMETERS =
      List.of("gate_up_proj", "gate_proj", "up_proj", "down_proj");

  private StackedFactors() {}

  /** One stack in a file. */
  record Stack(String module, String owner, String parameter, int depth) {

    String a() {
      return PeftNames.a(module + WRAPPED.repeat(depth));
    }

    String b() {
      return PeftNames.b(module + WRAPPED.repeat(depth));
    }

    String path(int expert) {
      return ExpertStacks.path(owner, expert, parameter);
    }
  }

  /** The stacks of a module; empty where its factors are those of the module itself. */
  static List<Stack> stacks(String module, Predicate<String> adapted) {
    if (adapted.test(module + WEIGHT)) {
      int dot = module.lastIndexOf('.');
      Stack alone = new Stack(module, module.substring(0, dot), module.substring(dot + 1), 0);
      return ExpertParameters.isStacked(alone.path(0))
              && ExpertParameters.parameter(alone.path(0)).equals(module + WEIGHT)
          ? List.of(alone)
          : List.of();
    }
    List<String> own =
        PARAMETERS.stream().filter(name -> adapted.test(module + "." + name)).toList();
    List<Stack> stacks = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      stacks.add(new Stack(module, module, own.get(i), own.size() - 1 - i));
    }
    return stacks;
  }

  /** The module that a first factor in a file belongs to, wrappings left out. */
  static Optional<String> module(String name) {
    return PeftNames.moduleOfA(name)
        .map(
            path -> {
              String module = path;
              while (module.endsWith(WRAPPED)) {
                module = module.substring(0, module.length() - WRAPPED.length());
              }
              return module;
            });
  }

  /**
   * Joins the factors of experts.
   *
   * @param tensors of an adapter, with those of each expert
   * @param swapped whether the factors of a parameter change places
   */
  static List<TensorData> join(List<TensorData> tensors, Predicate<String> swapped) {
    Map<String, TreeMap<Integer, TensorData>> parts = new LinkedHashMap<>();
    Map<String, String> modules = new LinkedHashMap<>();
    List<TensorData> joined = new ArrayList<>();
    for (TensorData tensor : tensors) {
      Optional<String> path = path(tensor.name());
      if (path.isEmpty()) {
        joined.add(tensor);
        continue;
      }
      ExpertStacks.Slot slot = ExpertStacks.slotOfPath(path.get()).orElseThrow();
      String kind = tensor.name().endsWith(A) ? A : B;
      parts
          .computeIfAbsent(slot.stack() + kind, name -> new TreeMap<>())
          .put(slot.expert(), tensor);
      String stack = slot.stack();
      modules.put(stack, stack.substring(0, stack.lastIndexOf('.')));
    }
    modules.values().stream()
        .distinct()
        .flatMap(module -> stacks(module, modules::containsKey).stream())
        .forEach(
            stack -> {
              String parameter = ExpertParameters.parameter(stack.path(0));
              List<TensorData> a =
                  List.copyOf(Objects.requireNonNull(parts.get(parameter + A)).values());
              List<TensorData> b =
                  List.copyOf(Objects.requireNonNull(parts.get(parameter + B)).values());
              boolean swap = swapped.test(parameter);
              joined.add(rows(stack.a(), swap ? b : a, swap));
              joined.add(columns(stack.b(), swap ? a : b, swap));
            });
    return joined;
  }

  /** The path of an expert's projection that a factor belongs to. */
  private static Optional<String> path(String name) {
    Optional<String> path =
        name.endsWith(A)
            ? PeftNames.moduleOfA(name)
            : name.endsWith(B)
                ? PeftNames.moduleOfA(name.substring(0, name.length() - B.length()) + A)
                : Optional.empty();
    return path.filter(ExpertParameters::isStacked);
  }

  /** [experts * rank, width] of factors [rank, width], or of [width, rank] that are turned. */
  private static TensorData rows(String name, List<TensorData> parts, boolean turned) {
    List<Long> shape = shape(parts.get(0), turned);
    return new TensorData(
        name,
        parts.get(0).type(),
        List.of(parts.size() * shape.get(0), shape.get(1)),
        channel -> {
          for (TensorData part : parts) {
            channel.write(turned ? turned(bytes(part), part) : bytes(part));
          }
        });
  }

  /** [width, rank * experts] of factors [width, rank], or of [rank, width] that are turned. */
  private static TensorData columns(String name, List<TensorData> parts, boolean turned) {
    List<Long> shape = shape(parts.get(0), turned);
    int experts = parts.size();
    return new TensorData(
        name,
        parts.get(0).type(),
        List.of(shape.get(0), shape.get(1) * experts),
        channel -> {
          int size = parts.get(0).type().bytes();
          int count = Math.toIntExact(shape.get(0) * shape.get(1));
          ByteBuffer all = ByteBuffer.allocate(Math.multiplyExact(count * size, experts));
          for (int expert = 0; expert < experts; expert++) {
            TensorData part = parts.get(expert);
            ByteBuffer own = turned ? turned(bytes(part), part) : bytes(part);
            for (int i = 0; i < count; i++) {
              all.put((i * experts + expert) * size, own, i * size, size);
            }
          }
          channel.write(all);
        });
  }

  private static List<Long> shape(TensorData part, boolean turned) {
    List<Long> shape = part.shape();
    return turned ? List.of(shape.get(1), shape.get(0)) : shape;
  }

  private static ByteBuffer turned(ByteBuffer bytes, TensorData part) {
    int rows = Math.toIntExact(part.shape().get(0));
    int columns = Math.toIntExact(part.shape().get(1));
    return turned(bytes, rows, columns, part.type().bytes());
  }

  static ByteBuffer turned(ByteBuffer bytes, int rows, int columns, int size) {
    ByteBuffer turned = ByteBuffer.allocate(rows * columns * size);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        turned.put((column * rows + row) * size, bytes, (row * columns + column) * size, size);
      }
    }
    return turned;
  }

  private static ByteBuffer bytes(TensorData part) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(part.length()));
    part.content().writeTo(new Collector(all));
    return all.flip();
  }

  private record Collector(ByteBuffer all) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) {
      int count = source.remaining();
      all.put(source);
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // Holds nothing that needs closing.
    }
  }
}
