package io.adapt4j.verification.memory;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** The process of {@link TightMemory}. */
final class Life {

  /** Of Linux, for {@code setrlimit}. */
  private static final int RLIMIT_AS = 9;

  private final Operations operations;
  private final Map<String, Map<String, Integer>> endings = new TreeMap<>();
  private int number;

  private Life(Operations operations) {
    this.operations = operations;
  }

  /** Folder, operations, seed, MiB beyond what everything takes, names of operations. */
  public static void main(String[] args) throws Exception {
    long begun = System.nanoTime();
    Random random = new Random(Long.parseLong(args[2]));
    try (Operations operations = new Operations(Path.of(args[0]))) {
      List<String> names = args[4].isEmpty() ? operations.names() : List.of(args[4].split(","));
      Life life = new Life(operations);
      // Everything once with memory enough, so that classes are loaded and answers known.
      for (String name : names) {
        life.live(name, new Random(0));
      }
      life.endings.clear();
      long size = status("VmSize:");
      setLimit((size << 10) + (Long.parseLong(args[3]) << 20));
      List<String> drawn = operations.weighted(names);
      for (life.number = 1; life.number <= Integer.parseInt(args[1]); life.number++) {
        life.live(drawn.get(random.nextInt(drawn.size())), new Random(random.nextLong()));
        if (life.number % 1000 == 0) {
          System.out.println(life.number + " operations, " + status("VmSize:") + " KiB");
        }
      }
      life.print(size, (System.nanoTime() - begun) / 1_000_000_000);
    }
    // Threads that hang would keep the process.
    System.exit(0);
  }

  private void live(String name, Random random) throws Exception {
    String ending;
    try {
      operations.run(name, random);
      ending = "right";
    } catch (Exception | Error e) {
      if (!Failures.isExpected(e)) {
        throw new AssertionError("operation " + number + ", " + name, e);
      }
      ending = Failures.kind(e);
    }
    if (Thread.interrupted()) {
      ending += ", interrupted";
    }
    try {
      operations.requireUsable();
    } catch (RuntimeException | Error e) {
      throw new AssertionError("after operation " + number + ", " + name + ": " + ending, e);
    }
    endings.computeIfAbsent(name, key -> new TreeMap<>()).merge(ending, 1, Integer::sum);
  }

  private void print(long size, long seconds) throws IOException {
    endings.forEach((name, counts) -> System.out.println(name + " " + counts));
    int lived = endings.values().stream().flatMap(c -> c.values().stream()).mapToInt(c -> c).sum();
    System.out.printf(
        "%d operations in %d s; %d KiB of addresses after using everything once, at most %d, in"
            + " the end %d%n",
        lived, seconds, size, status("VmPeak:"), status("VmSize:"));
  }

  private static long status(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  /** As {@code ulimit -v} does, for this process. */
  private static void setLimit(long bytes) {
    try (Memory limits = new Memory(16)) {
      limits.setLong(0, bytes);
      limits.setLong(8, bytes);
      Pointer at = limits;
      if (NativeLibrary.getProcess()
              .getFunction("setrlimit")
              .invokeInt(new Object[] {RLIMIT_AS, at})
          != 0) {
        throw new IllegalStateException("the limit cannot be set");
      }
    }
  }
}
