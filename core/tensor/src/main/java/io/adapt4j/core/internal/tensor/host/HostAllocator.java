package io.adapt4j.core.internal.tensor.host;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The C library's allocator, which holds the memory of tensors. glibc keeps freed blocks below 32
 * MiB in the process, and often cannot reuse them because of fragmentation: the next phase of a
 * training step then takes fresh memory. Between phases, free pages are therefore returned to the
 * system, so that the process holds little more than what is in use.
 */
public final class HostAllocator {

  private static final Logger LOG = LoggerFactory.getLogger(HostAllocator.class);

  /** System property; {@code user} leaves the allocator alone. */
  static final String PROPERTY = "adapt4j.allocator";

  /** Minimum interval; the phases of a shorter step take too little memory to be worth the time. */
  private static final long INTERVAL_NANOS = 100_000_000;

  /** Environment variables with which a user has configured glibc's allocator already. */
  private static final List<String> CHOICES =
      List.of("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES");

  private static final HostAllocator NONE =
      new HostAllocator(Optional.empty(), "not known before the engine starts");

  private static volatile HostAllocator current = NONE;

  private final Optional<Function> trim;
  private final String description;
  private final HeapPages heapPages = new HeapPages();
  private final AtomicLong last = new AtomicLong(System.nanoTime() - INTERVAL_NANOS);

  private HostAllocator(Optional<Function> trim, String description) {
    this.trim = trim;
    this.description = description;
  }

  public static HostAllocator current() {
    return current;
  }

  /** Detects what is possible. Called once, when the engine starts. */
  public static void prepare() {
    current = prepare(System.getenv(), System.getProperty("os.name"));
    LOG.debug("free memory: {}", current.description);
  }

  private static HostAllocator prepare(Map<String, String> environment, String system) {
    if (isLeftToUser()) {
      return left("since " + PROPERTY + "=user");
    }
    for (String name : CHOICES) {
      if (environment.containsKey(name)) {
        return left("since the environment sets " + name);
      }
    }
    if (!system.equals("Linux")) {
      return left("which is known of glibc on Linux only, not of " + system);
    }
    try {
      Function found = NativeLibrary.getProcess().getFunction("malloc_trim");
      return new HostAllocator(
          Optional.of(found), "given back between the phases of a step, by malloc_trim");
    } catch (RuntimeException | LinkageError e) {
      return left("since this C library has no malloc_trim");
    }
  }

  /** Returns whether the allocator's configuration is left to the environment. */
  public static boolean isLeftToUser() {
    return System.getProperty(PROPERTY, "").equals("user");
  }

  private static HostAllocator left(String reason) {
    return new HostAllocator(Optional.empty(), "left to the C library, " + reason);
  }

  /** Describes the handling of free memory, and the reason for it. */
  public String description() {
    return description;
  }

  /** Returns free pages to the system, unless that was done a moment ago. */
  public void giveBack() {
    if (trim.isEmpty()) {
      return;
    }
    long now = System.nanoTime();
    long before = last.get();
    if (now - before >= INTERVAL_NANOS && last.compareAndSet(before, now)) {
      heapPages.advise();
      trim.get().invokeInt(new Object[] {0});
      last.set(System.nanoTime());
    }
  }
}
