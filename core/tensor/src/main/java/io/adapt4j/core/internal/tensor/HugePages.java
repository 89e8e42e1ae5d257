package io.adapt4j.core.internal.tensor;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.adapt4j.core.internal.tensor.host.HostAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Huge pages of 2 MiB for memory that is about to be filled: faulting in fresh pages of 4 KiB takes
 * longer than copying a checkpoint into them. Linux uses huge pages on request ({@code madvise},
 * the default of most distributions); if it uses them always or never, and on other systems, this
 * class does nothing. Only pages that lie entirely within the memory are requested, so it takes no
 * additional memory.
 */
public final class HugePages {

  private static final Logger LOG = LoggerFactory.getLogger(HugePages.class);

  private static final Path SETTINGS = Path.of("/sys/kernel/mm/transparent_hugepage");

  /** From {@code sys/mman.h}. */
  private static final int MADV_HUGEPAGE = 14;

  private static final int MADV_NOHUGEPAGE = 15;

  /** Maximum gap between two blocks of a C library's allocator: a header and alignment. */
  private static final long LARGEST_GAP = 8192;

  /** Holder that detects support on first use. */
  private static final class Found {
    private static final Optional<HugePages> PAGES = find(SETTINGS);
  }

  /** An address range. */
  record Range(long start, long end) {}

  private final Function madvise;
  private final long pageSize;

  private HugePages(Function madvise, long pageSize) {
    this.madvise = madvise;
    this.pageSize = pageSize;
  }

  private static Optional<HugePages> find(Path settings) {
    Path enabled = settings.resolve("enabled");
    if (!Files.isReadable(enabled) || HostAllocator.isLeftToUser()) {
      return Optional.empty();
    }
    try {
      if (!Files.readString(enabled).contains("[madvise]")) {
        return Optional.empty();
      }
      long size = Long.parseLong(Files.readString(settings.resolve("hpage_pmd_size")).strip());
      return Optional.of(new HugePages(NativeLibrary.getProcess().getFunction("madvise"), size));
    } catch (IOException | RuntimeException | LinkageError e) {
      LOG.debug("no huge pages: {}", e.toString());
      return Optional.empty();
    }
  }

  /**
   * Fills memory with huge pages enabled if programs may choose. Afterwards the request is
   * withdrawn: mapped pages stay, and later blocks at these addresses get small ones.
   */
  public static void during(List<Tensor> tensors, Runnable filling) {
    HugePages pages = Found.PAGES.orElse(null);
    if (pages == null) {
      filling.run();
      return;
    }
    List<Range> ranges = pages.whole(joined(memory(tensors)));
    ranges.forEach(range -> pages.advise(range, MADV_HUGEPAGE));
    try {
      filling.run();
    } finally {
      ranges.forEach(range -> pages.advise(range, MADV_NOHUGEPAGE));
    }
  }

  /** Requests huge pages for memory that has not been touched, for as long as it is held. */
  static void ask(long address, long bytes) {
    Found.PAGES.ifPresent(
        pages ->
            pages
                .whole(List.of(new Range(address, address + bytes)))
                .forEach(range -> pages.advise(range, MADV_HUGEPAGE)));
  }

  private static List<Range> memory(List<Tensor> tensors) {
    List<Range> ranges = new ArrayList<>();
    for (Tensor tensor : tensors) {
      if (tensor.isOnHost() && tensor.count() > 0) {
        long start = tensor.address();
        ranges.add(new Range(start, start + tensor.count() * tensor.type().bytes()));
      }
    }
    return ranges;
  }

  /** Joins blocks that are separated only by an allocator's own data. */
  static List<Range> joined(List<Range> blocks) {
    List<Range> sorted = new ArrayList<>(blocks);
    sorted.sort(Comparator.comparingLong(Range::start));
    List<Range> joined = new ArrayList<>();
    for (Range block : sorted) {
      int last = joined.size() - 1;
      if (last >= 0 && block.start() - joined.get(last).end() <= LARGEST_GAP) {
        Range before = joined.get(last);
        joined.set(last, new Range(before.start(), Math.max(before.end(), block.end())));
      } else {
        joined.add(block);
      }
    }
    return joined;
  }

  private List<Range> whole(List<Range> ranges) {
    return ranges.stream()
        .map(range -> whole(range, pageSize))
        .filter(range -> range.end() > range.start())
        .toList();
  }

  /** Returns the range of whole pages within a range. */
  static Range whole(Range range, long pageSize) {
    long start = (range.start() + pageSize - 1) / pageSize * pageSize;
    return new Range(start, range.end() / pageSize * pageSize);
  }

  /** Gives advice to the kernel. If it is ignored, only time is lost. */
  private void advise(Range range, int advice) {
    madvise.invokeInt(
        new Object[] {new Pointer(range.start()), range.end() - range.start(), advice});
  }
}
