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
 * LoRA matrices of experts whose weights lie in one tensor, as PEFT 0.19 and later stores those of
 * {@code target_parameters}: A [experts * rank, in] and B [out, rank * experts], the expert the
 * fastest. Before 0.19 PEFT took the dimensions of every weight for [experts, in, out]: where they
 * are [experts, out, in], A is [experts * rank, out] and B [in, rank * experts].
 *
 * <p>A module with several such parameters is wrapped once for each, the last one outermost.
 */
final class StackedFactors {

  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";
  private static final String WRAPPED = ".base_layer";

  /** Parameters of a module of experts, in the order in which PEFT wraps it. */
  private static final List<String> PARAMETERS =
      List.of("gate_up_proj", "gate_proj", "up_proj", "down_proj");

  /** Granite's modules of one stack each, as Transformers 4 has them. */
  private static final Map<String, String> PARALLEL =
      Map.of(
          ".block_sparse_moe.input_linear", ExpertNames.GATE_UP,
          ".block_sparse_moe.output_linear", ExpertNames.DOWN);

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

  /** The stacks of a module; empty where its matrices are those of the module itself. */
  static List<Stack> stacks(String module, Predicate<String> adapted) {
    for (Map.Entry<String, String> parallel : PARALLEL.entrySet()) {
      if (module.endsWith(parallel.getKey())) {
        String owner = module.substring(0, module.lastIndexOf('.')) + ".experts";
        return List.of(new Stack(module, owner, parallel.getValue(), 0));
      }
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
   * Joins the matrices of experts.
   *
   * @param tensors of an adapter, with those of each expert
   */
  static List<TensorData> join(List<TensorData> tensors) {
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
              joined.add(rows(stack.a(), a));
              joined.add(columns(stack.b(), b));
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

  /** [experts * rank, width] of matrices [rank, width]. */
  private static TensorData rows(String name, List<TensorData> parts) {
    List<Long> shape = parts.get(0).shape();
    return new TensorData(
        name,
        parts.get(0).type(),
        List.of(parts.size() * shape.get(0), shape.get(1)),
        channel -> {
          for (TensorData part : parts) {
            channel.write(bytes(part));
          }
        });
  }

  /** [width, rank * experts] of matrices [width, rank]. */
  private static TensorData columns(String name, List<TensorData> parts) {
    List<Long> shape = parts.get(0).shape();
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
            ByteBuffer own = bytes(parts.get(expert));
            for (int i = 0; i < count; i++) {
              all.put((i * experts + expert) * size, own, i * size, size);
            }
          }
          channel.write(all);
        });
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
