package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Reads small tensors from a module's state dictionary written by {@code torch.save}. Such files
 * are pickles, which are programs; only the few instructions and names that make up a dictionary of
 * tensors are interpreted, as data. Nothing is executed, and everything else is rejected.
 */
public final class PickledTensors {

  /** Maximum size of the pickle program in bytes. */
  private static final int MOST_PROGRAM = 1 << 20;

  private static final int MOST_TENSOR = 64 << 20;

  private static final Object MARK = new Object();
  private static final Object NOTHING = new Object();

  /** Class name replaced by an empty dictionary. */
  private static final String DICTIONARY = "collections.OrderedDict";

  private static final String TENSOR = "torch._utils._rebuild_tensor_v2";

  private static final Map<String, Integer> BYTES =
      Map.of("torch.FloatStorage", 4, "torch.HalfStorage", 2, "torch.BFloat16Storage", 2);

  /** A class or function name that the program refers to. */
  private record Global(String name) {}

  /** An archive member with the numbers of a tensor. */
  private record Storage(String type, String key) {}

  /** A tensor whose data has not been read yet. */
  private record Reference(Storage storage, long offset, List<Long> shape) {}

  /** A tensor. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Dense(float[] values, List<Long> shape) {}

  private final Path file;
  private final Deque<Object> stack = new ArrayDeque<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  private PickledTensors(Path file) {
    this.file = file;
  }

  public static Map<String, Dense> read(Path file) {
    PickledTensors reader = new PickledTensors(file);
    try (ZipFile zip = new ZipFile(file.toFile())) {
      String program =
          zip.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.endsWith("/data.pkl"))
              .findFirst()
              .orElseThrow(() -> reader.refused("an archive without data.pkl"));
      String root = program.substring(0, program.length() - "data.pkl".length());
      Object state = reader.run(ByteBuffer.wrap(reader.bytes(zip, program, MOST_PROGRAM)));
      if (!(state instanceof Map<?, ?> entries)) {
        throw reader.refused("no dictionary");
      }
      Map<String, Dense> tensors = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : entries.entrySet()) {
        if (entry.getKey() instanceof String name && entry.getValue() instanceof Reference found) {
          tensors.put(name, reader.dense(zip, root, found));
        } else {
          throw reader.refused("an entry that is no tensor");
        }
      }
      return tensors;
    } catch (IOException e) {
      throw new CheckpointException(
          file + ": not readable as an archive of torch.save. Download it again.", e);
    }
  }

  private CheckpointException refused(String found) {
    return new CheckpointException(
        ("%s: expected a dictionary of tensors and nothing else, found %s. Pickle files are"
                + " programs, of which only this is read; save it with safetensors.")
            .formatted(file, found));
  }

  private byte[] bytes(ZipFile zip, String name, int most) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw refused("no part " + name);
    }
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] read = in.readNBytes(most + 1);
      if (read.length > most) {
        throw refused("more than " + most + " bytes in " + name);
      }
      return read;
    }
  }

  private Dense dense(ZipFile zip, String root, Reference tensor) throws IOException {
    int width = BYTES.get(tensor.storage().type());
    long count = 1;
    for (long size : tensor.shape()) {
      if (size < 0 || size > MOST_TENSOR) {
        throw refused("a tensor of the shape " + tensor.shape());
      }
      count = Math.min(MOST_TENSOR + 1L, count * size);
    }
    byte[] stored = bytes(zip, root + "data/" + tensor.storage().key(), MOST_TENSOR);
    if (tensor.offset() < 0 || (tensor.offset() + count) * width > stored.length) {
      throw refused("a tensor beyond the end of its numbers");
    }
    ByteBuffer numbers = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      int at = Math.toIntExact((tensor.offset() + i) * width);
      values[i] =
          switch (tensor.storage().type()) {
            case "torch.FloatStorage" -> numbers.getFloat(at);
            case "torch.HalfStorage" -> half(numbers.getShort(at));
            default -> Float.intBitsToFloat(numbers.getShort(at) << 16);
          };
    }
    return new Dense(values, tensor.shape());
  }

  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double size =
        exponent == 0
            ? fraction * 0x1p-24
            : exponent == 0x1f
                ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                : (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
    return (float) (bits < 0 ? -size : size);
  }

  private Object run(ByteBuffer program) throws IOException {
    program.order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (true) {
        int code = program.get() & 0xff;
        if (code == '.') {
          return stack.pop();
        }
        step(code, program);
      }
    } catch (RuntimeException e) {
      if (e instanceof CheckpointException) {
        throw e;
      }
      throw new IOException("The program of " + file + " is cut off or malformed", e);
    }
  }

  private void step(int code, ByteBuffer program) {
    switch (code) {
      case 0x80 -> program.get();
      case 0x95 -> program.getLong();
      case '(' -> stack.push(MARK);
      case '}' -> stack.push(new LinkedHashMap<>());
      case ')' -> stack.push(List.of());
      case ']' -> stack.push(new ArrayList<>());
      case 'N' -> stack.push(NOTHING);
      case 0x88 -> stack.push(true);
      case 0x89 -> stack.push(false);
      case 'K' -> stack.push((long) (program.get() & 0xff));
      case 'M' -> stack.push((long) (program.getShort() & 0xffff));
      case 'J' -> stack.push((long) program.getInt());
      case 0x8a -> stack.push(number(program));
      case 'X' -> stack.push(text(program, program.getInt()));
      case 0x8c -> stack.push(text(program, program.get() & 0xff));
      case 'c' -> stack.push(global(line(program) + "." + line(program)));
      case 'q' -> memo.put(program.get() & 0xff, stack.peek());
      case 'r' -> memo.put(program.getInt(), stack.peek());
      case 0x94 -> memo.put(memo.size(), stack.peek());
      case 'h' -> stack.push(memo.get(program.get() & 0xff));
      case 'j' -> stack.push(memo.get(program.getInt()));
      case 't' -> stack.push(sinceMark());
      case 0x85 -> stack.push(top(1));
      case 0x86 -> stack.push(top(2));
      case 0x87 -> stack.push(top(3));
      case 'Q' -> stack.push(storage(stack.pop()));
      case 'R' -> reduce();
      case 's' -> {
        List<Object> pair = top(2);
        put(pair.get(0), pair.get(1));
      }
      case 'u' -> {
        List<Object> pairs = sinceMark();
        for (int i = 0; i + 1 < pairs.size(); i += 2) {
          put(pairs.get(i), pairs.get(i + 1));
        }
      }
      // State attached to the dictionary, such as module versions.
      case 'b' -> stack.pop();
      default -> throw refused("the instruction " + code);
    }
  }

  private static long number(ByteBuffer program) {
    int length = program.get();
    long value = 0;
    for (int i = 0; i < length && i < Long.BYTES; i++) {
      value |= (program.get() & 0xffL) << (8 * i);
    }
    return value;
  }

  private static String text(ByteBuffer program, int length) {
    byte[] bytes = new byte[Math.min(length, program.remaining())];
    program.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String line(ByteBuffer program) {
    StringBuilder line = new StringBuilder();
    for (char c = (char) program.get(); c != '\n'; c = (char) program.get()) {
      line.append(c);
    }
    return line.toString();
  }

  private Global global(String name) {
    if (!name.equals(DICTIONARY) && !name.equals(TENSOR) && !BYTES.containsKey(name)) {
      throw refused("the name " + name);
    }
    return new Global(name);
  }

  private List<Object> sinceMark() {
    List<Object> found = new ArrayList<>();
    for (Object next = stack.pop(); next != MARK; next = stack.pop()) {
      found.add(0, next);
    }
    return found;
  }

  private List<Object> top(int count) {
    List<Object> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      found.add(0, stack.pop());
    }
    return found;
  }

  /** Reads a persistent id: ('storage', type, key, device, size). */
  private Storage storage(Object reference) {
    if (reference instanceof List<?> parts
        && parts.size() >= 3
        && parts.get(1) instanceof Global type
        && BYTES.containsKey(type.name())
        && parts.get(2) instanceof String key
        && key.matches("\\d{1,9}")) {
      return new Storage(type.name(), key);
    }
    throw refused("numbers of another kind");
  }

  private void reduce() {
    Object arguments = stack.pop();
    String name = stack.pop() instanceof Global global ? global.name() : "";
    if (name.equals(DICTIONARY)) {
      stack.push(new LinkedHashMap<>());
    } else if (name.equals(TENSOR)
        && arguments instanceof List<?> parts
        && parts.size() >= 4
        && parts.get(0) instanceof Storage storage
        && parts.get(1) instanceof Long offset
        && parts.get(2) instanceof List<?> shape
        && parts.get(3) instanceof List<?> strides) {
      List<Long> sizes = shape.stream().map(size -> (Long) size).toList();
      requireContiguous(sizes, strides);
      stack.push(new Reference(storage, offset, sizes));
    } else {
      throw refused("a call of " + name);
    }
  }

  private void requireContiguous(List<Long> sizes, List<?> strides) {
    long stride = 1;
    for (int i = sizes.size() - 1; i >= 0; i--) {
      if (sizes.get(i) > 1 && !strides.get(i).equals(stride)) {
        throw refused("a tensor that is not contiguous");
      }
      stride *= sizes.get(i);
    }
  }

  private void put(Object key, Object value) {
    if (stack.peek() instanceof Map<?, ?> map) {
      @SuppressWarnings("unchecked")
      Map<Object, Object> open = (Map<Object, Object>) map;
      open.put(key, value);
    } else {
      throw refused("an entry outside of a dictionary");
    }
  }
}
