package io.adapt4j.lora.internal.peft;

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
 * LoRA matrices of stacked experts, as PEFT 0.19 and later stores those of {@code
 * target_parameters}: A [experts * rank, in] and B [out, rank * experts], with the expert index
 * varying fastest. Before 0.19, PEFT assumed weights of [experts, in, out]: for [experts, out, in],
 * A is [experts * rank, out] and B [in, rank * experts].
 *
 * <p>A module with several such parameters is wrapped once per parameter, the last one outermost.
 */
public final class StackedFactors {

  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";
  private static final String WRAPPED = ".base_layer";

  /** Parameters of an experts module, in PEFT's wrapping order. */
  private static final List<String> PARAMETERS =
      List.of("gate_up_proj", "gate_proj", "up_proj", "down_proj");

  /** Granite's modules of one stack each, as in Transformers 4. */
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

  /** Returns the stacks of a module; empty if its matrices belong to the module itself. */
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

  /** Returns the module that an A matrix in a file belongs to, without wrappers. */
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

  /** Joins the matrices of experts. */
  public static List<TensorData> join(List<TensorData> tensors) {
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

  /** Returns the path of the expert's projection that a matrix belongs to. */
  private static Optional<String> path(String name) {
    Optional<String> path =
        name.endsWith(A)
            ? PeftNames.moduleOfA(name)
            : name.endsWith(B)
                ? PeftNames.moduleOfA(name.substring(0, name.length() - B.length()) + A)
                : Optional.empty();
    return path.filter(ExpertParameters::isStacked);
  }

  /** Returns [experts * rank, width] from matrices [rank, width]. */
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

  /** Returns [width, rank * experts] from matrices [width, rank]. */
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
      // Nothing to close.
    }
  }
}
