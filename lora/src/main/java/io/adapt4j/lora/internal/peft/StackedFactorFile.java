package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * View of an adapter file that splits {@link StackedFactors} by expert, for any version of PEFT.
 */
public final class StackedFactorFile implements TensorFile {

  private final TensorFile file;
  private final Map<String, TensorEntry> entries = new LinkedHashMap<>();
  private final Map<String, Part> parts = new LinkedHashMap<>();
  private @Nullable Whole last;

  /** A LoRA matrix of one expert. */
  private record Part(String stored, int expert, int experts, boolean fastest, boolean turned) {}

  /** A loaded stored tensor. */
  private record Whole(String name, ByteBuffer bytes) {}

  /** The layout of stored matrices. */
  @FunctionalInterface
  public interface Layout {
    boolean isOld(String parameter, long columnsOfA, long rowsOfB);
  }

  private StackedFactorFile(TensorFile file) {
    this.file = file;
  }

  /** Creates a view of a file. */
  public static TensorFile of(
      TensorFile file, List<String> names, ToIntFunction<String> rank, Layout swapped) {
    if (names.isEmpty()) {
      return file;
    }
    StackedFactorFile view = new StackedFactorFile(file);
    view.entries.putAll(file.entries());
    file.entries().keySet().stream()
        .flatMap(name -> StackedFactors.module(name).stream())
        .distinct()
        .flatMap(
            module ->
                StackedFactors.stacks(
                    module, parameter -> ExpertParameters.matches(names, parameter))
                    .stream())
        .forEach(stack -> view.add(stack, rank, swapped));
    return view;
  }

  private void add(StackedFactors.Stack stack, ToIntFunction<String> rank, Layout swapped) {
    String parameter = ExpertParameters.parameter(stack.path(0));
    TensorEntry a = file.entries().get(stack.a());
    TensorEntry b = file.entries().get(stack.b());
    int own = rank.applyAsInt(parameter);
    if (a == null
        || b == null
        || a.shape().size() != 2
        || b.shape().size() != 2
        || a.shape().get(0) % own != 0
        || !a.shape().get(0).equals(b.shape().get(1))) {
      return;
    }
    entries.remove(stack.a());
    entries.remove(stack.b());
    int experts = Math.toIntExact(a.shape().get(0) / own);
    boolean swap = swapped.isOld(parameter, a.shape().get(1), b.shape().get(0));
    for (int expert = 0; expert < experts; expert++) {
      String path = stack.path(expert);
      String rows = swap ? PeftNames.b(path) : PeftNames.a(path);
      String columns = swap ? PeftNames.a(path) : PeftNames.b(path);
      put(rows, a, new Part(stack.a(), expert, experts, false, swap), own, a.shape().get(1));
      put(columns, b, new Part(stack.b(), expert, experts, true, swap), b.shape().get(0), own);
    }
  }

  private void put(String name, TensorEntry stored, Part part, long rows, long columns) {
    List<Long> shape = part.turned() ? List.of(columns, rows) : List.of(rows, columns);
    long length = stored.length() / part.experts();
    entries.put(
        name, new TensorEntry(name, stored.type(), shape, stored.file(), stored.offset(), length));
    parts.put(name, part);
  }

  /** Returns the stored tensor that a viewed one is part of; its own name if it is not split. */
  public String stored(String name) {
    Part part = parts.get(name);
    return part == null ? name : part.stored();
  }

  @Override
  public Path file() {
    return file.file();
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    if (!parts.containsKey(name)) {
      return file.bytes(name, offset, length);
    }
    return values(name)
        .slice(Math.toIntExact(offset), length)
        .asReadOnlyBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    if (parts.containsKey(name)) {
      target.put(values(name).slice(Math.toIntExact(offset), target.remaining()));
    } else {
      file.read(name, offset, target);
    }
  }

  private ByteBuffer values(String name) {
    Part part = Objects.requireNonNull(parts.get(name));
    TensorEntry entry = entry(name);
    int size = entry.type().bytes();
    int count = Math.toIntExact(entry.elements());
    ByteBuffer all = whole(part.stored());
    ByteBuffer own = ByteBuffer.allocate(count * size);
    for (int i = 0; i < count; i++) {
      int from = part.fastest() ? i * part.experts() + part.expert() : part.expert() * count + i;
      own.put(i * size, all, from * size, size);
    }
    if (!part.turned()) {
      return own;
    }
    int columns = Math.toIntExact(entry.shape().get(0));
    int rows = Math.toIntExact(entry.shape().get(1));
    return StackedFactors.turned(own, rows, columns, size);
  }

  private synchronized ByteBuffer whole(String stored) {
    Whole found = last;
    if (found == null || !found.name().equals(stored)) {
      found = new Whole(stored, file.bytes(stored));
      last = found;
    }
    return found.bytes();
  }

  @Override
  public void close() {
    file.close();
  }
}
